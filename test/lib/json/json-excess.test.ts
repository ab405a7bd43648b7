import fc from 'fast-check'
import t from 'tap'
import { jsonExcess } from '../../../lib/json/json-excess.ts'
import { numRuns } from '../../support/property-runs.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const isDeeperThan = (json: Uint8Array, maxDepth: number) =>
  jsonExcess(json, { maxDepth, maxValues: Number.POSITIVE_INFINITY }) === 'depth'

t.test('the depth of JSON counts arrays and objects, and siblings don’t add up', async (t) => {
  t.notOk(isDeeperThan(bytes('[[],{"a":{}}, [[]]]'), 3))
  t.ok(isDeeperThan(bytes('[[],{"a":{}}, [[]]]'), 2))
  t.ok(isDeeperThan(bytes('['.repeat(100_000)), 64), 'also where nothing is ever closed')
})

t.test('brackets in JSON strings don’t count as depth', async (t) => {
  for (const text of ['[[[[', '\\"[[[[', '\\\\\\"{{{{', 'ä[[[["'])
    t.notOk(isDeeperThan(bytes(JSON.stringify([text, { [text]: 1 }])), 2), text)
  t.ok(isDeeperThan(bytes('["\\\\",[["a"]]]'), 2), 'and a backslash before the quote ends it')
})

t.test('for any JSON it agrees with the value', async () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, maxDepth) => {
      const found = isDeeperThan(bytes(JSON.stringify(value)), maxDepth)
      return found === depthOf(JSON.parse(JSON.stringify(value))) > maxDepth
    }),
    { numRuns },
  )
})

t.test('values of JSON are counted at any place, but not commas in strings', async (t) => {
  const excess = (json: string, maxValues: number) =>
    jsonExcess(bytes(json), { maxDepth: 9, maxValues })
  for (const json of ['[{},{},{}]', '{"a":[1,2,3],"b":4}', '[[],[],[]]']) {
    t.equal(excess(json, 4), 'values', json)
    t.equal(excess(json, 9), undefined, json)
  }
  t.equal(excess(JSON.stringify([',,,,,,"[{,', { ',,,': ',,' }]), 4), undefined)
})
