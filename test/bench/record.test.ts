import t from 'tap'
import { compareWithRecord, type RatioRecord, recordOrCompare } from './record.ts'

const found = (ratio: number) =>
  new Map([['agent', [{ what: '1 secret', value: '117 ms', ratios: { CPU: ratio } }]]])
const record = { agent: { '1 secret, CPU': 4 } }
const compare = (ratio: number, record: RatioRecord) =>
  Object.fromEntries(
    compareWithRecord(found(ratio), { record, renew: 'npm run bench -- --record' }),
  )

t.test('a ratio may double, but not more', async (t) => {
  t.strictSame(compare(8, record), {})
  t.strictSame(compare(1, record), {})
  t.match(compare(8.1, record), {
    'agent: 1 secret, CPU': /^8\.10 × the floor, and 4\.00 × when it was recorded; .*--record/,
  })
})

t.test('a ratio that only the run or only the record has is reported', async (t) => {
  t.match(compare(4, {}), { 'agent: 1 secret, CPU': /^not in the record yet/ })
  const more = { agent: { ...record.agent, '2 secrets, CPU': 4 } }
  t.match(compare(4, more), { 'agent: 2 secrets, CPU': /^the record has it/ })
})

t.test('tables that weren’t measured aren’t compared', async (t) => {
  t.strictSame(compare(4, { ...record, core: { mutations: 1 } }), {})
})

t.test('a bench on a cluster fails with the sentences that it prints', async (t) => {
  const printed = t.capture(console, 'log')
  const unknown = new Map([['none', found(4).get('agent') ?? []]])
  t.equal(recordOrCompare(unknown, { args: [], renew: 'bench --record' }), 1)
  t.match(printed.args(), [[/^none: 1 secret, CPU: not in the record yet; run bench --record$/]])
  t.equal(recordOrCompare(new Map(), { args: [], renew: '' }), 0)
})
