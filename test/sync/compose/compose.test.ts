import t from 'tap'
import type { Delivered } from '../../../delivery/projection/project-content.ts'
import type { ComposedInput, Composition, Decoding } from '../../../requests/secret/composition.ts'
import { compose } from '../../../sync/compose/compose.ts'
import { countingBudget } from '../../support/counting-budget.ts'

/** By the names of inputs, such as `#0`, and of their properties, such as `#0/user`. */
const inputs = (values: Readonly<Record<string, string>>): readonly Delivered[] =>
  Object.entries(values).map(([name, value]) => {
    const [input = '', property] = name.split('/')
    const to = { kind: 'input', secret: 'db', index: indexOf(input) } as const
    return { bytes: Buffer.from(value), to: property === undefined ? to : { ...to, property } }
  })
const indexOf = (input: string) => Number(input.slice(1))
async function composed(composition: Composition, values: Readonly<Record<string, string>>) {
  const result = await compose(composition, inputs(values))
  if (result.kind === 'invalid') return result.problems
  return Object.fromEntries(
    [...result.value].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]),
  )
}
const key = (input: string, name: string, decoding: Decoding = 'None'): ComposedInput => ({
  kind: 'key',
  index: indexOf(input),
  key: name,
  decoding,
})
const all = (input: string, decoding: Decoding = 'None'): ComposedInput => ({
  kind: 'all',
  index: indexOf(input),
  decoding,
})

t.test('later inputs win', async (t) => {
  t.strictSame(
    await composed(
      { inputs: [all('#0'), all('#1'), key('#2', 'c')] },
      { '#0/a': '1', '#0/b': '1', '#1/b': '2', '#1/c': '2', '#2': '3', '#10': 'x' },
    ),
    { a: '1', b: '2', c: '3' },
  )
})

t.test('names of properties are converted, and may not collide', async (t) => {
  t.strictSame(await composed({ inputs: [all('#0')] }, { '#0/a b': '1', '#0/c.d-e_f': '2' }), {
    a_b: '1',
    'c.d-e_f': '2',
  })
  t.strictSame(await composed({ inputs: [all('#0')] }, { '#0/': '1', '#0/a': '2' }), { a: '2' })
  t.strictSame(await composed({ inputs: [all('#0')] }, { '#0/a b': '1', '#0/a:b': '2' }), [
    'property number 2 of dataFrom: another property gives the same key',
  ])
  t.match(await composed({ inputs: [all('#0')] }, { '#0/é': '1' }), [
    /^property number 1 of dataFrom: its name can't be a key: /,
  ])
})

t.test('a template may read properties whose names can’t be keys', async (t) => {
  const template = (keepsInputs: boolean) => ({
    data: new Map([['letters', '{{ .grün }}{{ index . "ж" }}{{ .a_b }}']]),
    keepsInputs,
  })
  const values = { '#0/grün': '1', '#0/ж': '2', '#0/a b': '3' }
  t.strictSame(await composed({ inputs: [all('#0')], template: template(false) }, values), {
    letters: '123',
  })
  t.match(await composed({ inputs: [all('#0')], template: template(true) }, values), [
    /^property number 1 of dataFrom: its name can't be a key: /,
  ])
})

t.test('values are decoded', async (t) => {
  const decode = (value: string, decoding: Decoding) =>
    composed({ inputs: [key('#0', 'k', decoding)] }, { '#0': value })
  t.strictSame(await decode('aGVsbG8=', 'Base64'), { k: 'hello' })
  t.strictSame(await decode('aGVs\r\nbG8=', 'Base64'), { k: 'hello' })
  t.strictSame(await decode('Pz8-', 'Base64URL'), { k: '??>' })
  t.strictSame(await decode('Pz8+', 'Auto'), { k: '??>' })
  t.strictSame(await decode('Pz8-', 'Auto'), { k: '??>' })
  t.strictSame(await decode('not base64', 'Auto'), { k: 'not base64' })
  t.strictSame(await decode('aGVsbG8=', 'None'), { k: 'aGVsbG8=' })
  t.strictSame(await decode('aGVsbG8', 'Base64'), ['key k: the value is not base64'])
})

t.test('a template replaces the keys, or is added to them', async (t) => {
  const data = new Map([['url', 'https://{{ .user }}']])
  const withTemplate = (keepsInputs: boolean) =>
    composed({ inputs: [key('#0', 'user')], template: { data, keepsInputs } }, { '#0': 'web' })
  t.strictSame(await withTemplate(false), { url: 'https://web' })
  t.strictSame(await withTemplate(true), { user: 'web', url: 'https://web' })
})

t.test('a template that fails names its key', async (t) => {
  const data = new Map([['url', '{{ .usr }}']])
  t.strictSame(
    await composed(
      { inputs: [key('#0', 'user')], template: { data, keepsInputs: false } },
      { '#0': 'web' },
    ),
    ['template data.url: no key "usr" is among the values'],
  )
})

t.test('values without properties give no Secret', async (t) => {
  t.strictSame(await composed({ inputs: [all('#0')] }, {}), [
    'its values have no properties, so it would have no keys',
  ])
  t.strictSame(await composed({ inputs: [all('#0'), key('#1', 'a')] }, { '#1': '1' }), { a: '1' })
})

t.test('decoding is charged to the budget', async (t) => {
  const charge = async (decoding: Decoding) => {
    const { budget, charged } = countingBudget()
    const value = inputs({ '#0': 'a'.repeat(100_000) })
    await compose({ inputs: [key('#0', 'a', decoding)] }, value, budget)
    return charged.microseconds
  }
  t.ok((await charge('Auto')) >= 1_000)
  t.equal(await charge('None'), 0)
})
