import t from 'tap'
import { namedTags, pickTag, tagsText } from '../../../../delivery/projection/render/object-tags.ts'
import type { FetchedObject } from '../../../../keyvault/clients/object-client.ts'
import { createCpuBudget } from '../../../../lib/cpu-budget.ts'
import { secretAnswer } from '../../../init-agent/harness/secret-answer.ts'

const budget = createCpuBudget()
const secret = (
  tags: Readonly<Record<string, string>>,
  dates: Pick<FetchedObject, 'createdAtMs' | 'updatedAtMs' | 'notBeforeAtMs'> = {},
): FetchedObject => ({ ...secretAnswer('value'), tags, ...dates })
const dates = { createdAtMs: 0, updatedAtMs: 1_767_323_045_999, notBeforeAtMs: 1000 } as const
const textsOf = (found: FetchedObject, property?: string) => {
  const named = namedTags(found, { name: 'Db', property, budget })
  return named.kind === 'valid' ? Object.fromEntries(named.value) : named.problem
}

t.test('all tags and dates are one JSON object, as Go writes it', async (t) => {
  const found = secret({ b: '<1>', a: 'é"', 'attribute.created': 'a lie' }, dates)
  t.equal(
    tagsText(found, budget),
    '{"a":"é\\"","attribute.created":"1970-01-01T00:00:00Z","attribute.notBefore":"1970-01-01T00:00:01Z","attribute.updated":"2026-01-02T03:04:05Z","b":"\\u003c1\\u003e"}',
  )
  t.equal(tagsText(secretAnswer('x'), budget), '{}')
  t.equal(
    tagsText({ ...secretAnswer('x'), expiresAtMs: 2000 }, budget),
    '{"attribute.expires":"1970-01-01T00:00:02Z"}',
  )
})

t.test('one tag is its text, or what a path leads to in it', async (t) => {
  const found = secret({ team: 'blue', json: '{"a":{"b":1.50},"x.y":"z"}', 'json.a': 'whole' })
  const pick = (path: string) => {
    const picked = pickTag(found, path, budget)
    return picked.kind === 'valid' ? picked.value : picked.problem
  }
  t.equal(pick('team'), 'blue')
  t.equal(pick('json.a'), 'whole')
  t.equal(pick('json.a.b'), '1.50')
  t.equal(pick('json.x.y'), 'z')
  t.equal(pick('other'), 'it has no tag "other"')
  t.equal(pick('other.a'), 'it has no tag "other.a"')
  t.match(pick('team.a'), /^the value is not JSON/)
  t.match(pick('json.c'), /has no "c"/)
})

t.test('an extract has a key for each tag, and for each member of a JSON tag', async (t) => {
  const found = secret(
    {
      team: 'blue',
      json: '{"a":"1","b":null}',
      mixed: '{"a":1}',
      list: '["a"]',
      nothing: 'null',
      ['__proto__']: 'x',
    },
    { createdAtMs: 0 },
  )
  t.strictSame(textsOf(found), {
    Db_team: 'blue',
    Db_json_a: '1',
    Db_json_b: '',
    Db_mixed: '{"a":1}',
    Db_list: '["a"]',
    Db___proto__: 'x',
    'Db_attribute.created': '1970-01-01T00:00:00Z',
  })
  t.strictSame(textsOf(found, 'team'), { Db_team: 'blue' })
  t.strictSame(textsOf(found, 'json.a'), { 'Db_json.a': '1' })
  t.equal(textsOf(found, 'gone'), 'it has no tag "gone"')
  t.equal(textsOf(secret({ a: '{"b":"1"}', a_b: '2' })), 'two of its tags give the same key')
})

t.test('tags are charged by their length', async (t) => {
  const small = createCpuBudget({ microseconds: 100 })
  t.throws(() => tagsText(secret({ a: 'x'.repeat(1000) }), small), RangeError)
  t.equal(tagsText(secret({ a: 'x' }), small), '{"a":"x"}')
})
