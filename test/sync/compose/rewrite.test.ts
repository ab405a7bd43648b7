import t from 'tap'
import type { Delivered } from '../../../delivery/projection/project-content.ts'
import type { AllInput, MergeRewrite, Rewrite } from '../../../requests/secret/composition.ts'
import { compose } from '../../../sync/compose/compose.ts'
import { countingBudget } from '../../support/counting-budget.ts'

type Values = Readonly<Record<string, string>>

/** The keys that an extract gives, or what is wrong with them. */
async function extracted(values: Values, more: Partial<AllInput>) {
  const delivered = Object.entries(values).map(
    ([property, value]): Delivered => ({
      bytes: Buffer.from(value),
      to: { kind: 'input', secret: 'db', index: 0, property },
    }),
  )
  const inputs = [{ kind: 'all', index: 0, decoding: 'None', ...more } as const]
  const result = await compose({ inputs }, delivered)
  if (result.kind === 'invalid') return result.problems.join()
  return Object.fromEntries(
    [...result.value].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]),
  )
}
const rewritten = (values: Values, ...rewrite: readonly Rewrite[]) => extracted(values, { rewrite })
const keysOf = async (names: readonly string[], ...rewrite: readonly Rewrite[]) => {
  const values = Object.fromEntries(names.map((name) => [name, 'x']))
  const keys = await rewritten(values, ...rewrite)
  return typeof keys === 'string' ? keys : Object.keys(keys)
}
const regexp = (source: string, target: string): Rewrite => ({ kind: 'regexp', source, target })
const transform = (template: string): Rewrite => ({ kind: 'transform', template })
const merge = (more: Partial<MergeRewrite> = {}): Rewrite => ({
  kind: 'merge',
  priority: [],
  ignoresMissing: false,
  ignoresConflicts: false,
  ...more,
})

t.test('a regexp replaces each match, with groups by number and by name', async (t) => {
  const of = (name: string, source: string, target: string) =>
    keysOf([name], regexp(source, target))
  t.strictSame(await of('db/user', '^db/(.*)$', 'app-$1'), ['app-user'])
  t.strictSame(await of('a/b/c', '/', '.'), ['a.b.c'])
  t.strictSame(await of('user', '(?P<all>.+)', '${all}_$all'), ['user_user'])
  t.strictSame(await of('user', '(u)(x)?', '$2-$1x-${1}x'), ['--uxser'])
  t.strictSame(await of('abc', 'x*', '-'), ['-a-b-c-'])
  t.strictSame(await of('baac', 'a*', '.'), ['.b.c.'])
  t.match(await of('cost', 'c', '$$$$'), /its name can't be a key/)
  t.match(await of('cost', 'c', '${'), /its name can't be a key/)
})

t.test('operations follow each other, and then names are not converted', async (t) => {
  t.strictSame(
    await keysOf(
      ['a b', 'c'],
      regexp(' ', '-'),
      transform('{{ .value | upper }}'),
      regexp('^', 'K_'),
    ),
    ['K_A-B', 'K_C'],
  )
  t.match(
    await keysOf(['a b'], regexp('x', 'y')),
    /^key number 1 of dataFrom after rewrite: its name can't be a key/,
  )
})

t.test('keys without a name are left out, and no other two may become one', async (t) => {
  t.strictSame(await keysOf(['db_a', 'x', 'y'], regexp('^[xy]$', '')), ['db_a'])
  t.equal(
    await keysOf(['a1', 'b', 'a2'], regexp('[0-9]', '')),
    'dataFrom.rewrite[0]: number 3 gets the name of another one',
  )
  t.equal(
    await keysOf(['x', 'y'], regexp('.', ''), transform('k{{ .value }}')),
    'dataFrom.rewrite[1]: number 2 gets the name of another one',
  )
})

t.test('values without a name can’t be merged if there are several', async (t) => {
  const values = { x: '{"a":1}', y: '{"b":2}' }
  t.equal(
    await rewritten(values, regexp('.', ''), merge()),
    'dataFrom.rewrite[1]: several values have an empty name',
  )
  t.strictSame(await rewritten({ x: '{"a":1}' }, regexp('.', ''), merge()), { a: '1' })
})

t.test('merge makes keys of the members of all values', async (t) => {
  const values = {
    a: '{"s":"<x>","n":1.50,"big":1e21,"small":1e-7,"zero":-0,"b":true,"nothing":null}',
    b: '{"list":[1,"<",null],"object":{"z":"\\u2028&","a":{}},"s2":"é"}',
    c: 'null',
  }
  t.strictSame(await rewritten(values, merge()), {
    s: '<x>',
    n: '1.5',
    big: '1000000000000000000000',
    small: '0.0000001',
    zero: '-0',
    b: 'true',
    nothing: '',
    list: '[1,"\\u003c",null]',
    object: '{"a":{},"z":"\\u2028\\u0026"}',
    s2: 'é',
  })
})

t.test('merge into a key keeps the others', async (t) => {
  const values = { b: '{"x":1,"y":"<\\u2028>"}', a: '{"z":{"q":[]}}' }
  const into = { into: 'all' }
  t.strictSame(await rewritten(values, merge(into)), {
    ...values,
    all: '{"x":1,"y":"<\\u2028>","z":{"q":[]}}',
  })
  t.strictSame(await rewritten(values, merge({ into: 'a' })), {
    b: values.b,
    a: '{"x":1,"y":"<\\u2028>","z":{"q":[]}}',
  })
})

t.test('of equal members, those with priority win, and then the last names', async (t) => {
  const values = { c: '{"k":"c"}', a: '{"k":"a"}', b: '{"k":"b"}' }
  const ignoring = { ignoresConflicts: true }
  t.strictSame(await rewritten(values, merge(ignoring)), { k: 'c' })
  t.strictSame(await rewritten(values, merge({ ...ignoring, priority: ['b', 'a'] })), { k: 'a' })
  t.equal(
    await rewritten(values, merge()),
    'dataFrom.rewrite[0]: 2 members are in several values; set conflictPolicy to Ignore, or remove them',
  )
  const missing = { ...ignoring, priority: ['a', 'x'] }
  t.equal(
    await rewritten(values, merge(missing)),
    'dataFrom.rewrite[0]: priority[1] is not there; set priorityPolicy to IgnoreNotFound',
  )
  t.strictSame(await rewritten(values, merge({ ...missing, ignoresMissing: true })), { k: 'a' })
})

t.test('what is not a JSON object can’t be merged', async (t) => {
  for (const value of [
    '',
    'x',
    '[]',
    '"a"',
    '1',
    '{"a":1e999}',
    `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  ])
    t.match(
      await rewritten({ a: value }, merge()),
      /rewrite\[0\]: one of the values is not a JSON/,
      value,
    )
})

t.test('values are decoded after the keys are rewritten', async (t) => {
  const value = Buffer.from('text').toString('base64')
  const rewrite = [merge()]
  t.strictSame(
    await extracted({ a: JSON.stringify({ k: value }) }, { rewrite, decoding: 'Base64' }),
    { k: 'text' },
  )
})

t.test('the sizes of names and of results are bounded', async (t) => {
  const long = 'a'.repeat(1025)
  t.match(await keysOf([long], regexp('a', '')), /number 1 has a name of more than 1024 characters/)
  t.match(await keysOf(['aa'], regexp('a', 'b'.repeat(600))), /gets a name of more than 1024/)
  t.match(await keysOf(['a'.repeat(1000)], regexp('.*', '$0'.repeat(500))), /gets a name of more/)
  const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`k${i}`, i]))
  t.match(await rewritten({ a: JSON.stringify(many) }, merge()), /gives more than 500 keys/)
  const large = { a: JSON.stringify({ k: 'x'.repeat(250_000) }) }
  const intos = ['b', 'c', 'd', 'e', 'f'].map((into) => merge({ into, ignoresConflicts: true }))
  t.match(await rewritten(large, ...intos), /more than|can be merged/)
})

t.test('a search is charged before it begins', async (t) => {
  const charge = async (name: string, source: string) => {
    const { budget, charged } = countingBudget()
    const to = { kind: 'input', secret: 'db', index: 0, property: name } as const
    const rewrite = [regexp(source, 'b')]
    const inputs = [{ kind: 'all', index: 0, decoding: 'None', rewrite } as const]
    await compose({ inputs }, [{ bytes: Buffer.from('x'), to }], budget)
    return charged.microseconds
  }
  t.ok((await charge('a'.repeat(200), '^x$')) > (await charge('a'.repeat(20), '^x$')))
  const quadratic = await charge('a'.repeat(253), '(?:(?:a?){40}b)?')
  t.ok(quadratic >= 200_000, `${quadratic}`)
})

t.test('names are converted to codes', async (t) => {
  t.strictSame(await extracted({ 'a b/€😀-_.': '1' }, { conversion: 'Unicode' }), {
    'a_U0020_b_U002f__U20ac__U1f600_-_.': '1',
  })
  t.equal(
    await extracted({ 'a b': '1', a_U0020_b: '2' }, { conversion: 'Unicode' }),
    'property number 2 of dataFrom: another property gives the same key',
  )
})

t.test('nullBytePolicy Fail refuses a zero byte after decoding', async (t) => {
  const value = Buffer.from('a\0b').toString('base64')
  const of = (more: Partial<AllInput>) => extracted({ a: value }, { decoding: 'Base64', ...more })
  t.strictSame(await of({}), { a: 'a\0b' })
  t.equal(
    await of({ refusesNullBytes: true }),
    'property number 1 of dataFrom: the value has a zero byte, which nullBytePolicy Fail refuses',
  )
  t.strictSame(await of({ decoding: 'None', refusesNullBytes: true }), { a: value })
})
