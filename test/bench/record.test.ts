import t from 'tap'
import { compareWithRecord } from './record.ts'

const found = (ratio: number) =>
  new Map([['agent', [{ what: '1 secret', value: '117 ms', ratios: { CPU: ratio } }]]])
const record = { agent: { '1 secret, CPU': 4 } }

t.test('a ratio may double, but not more', async (t) => {
  t.strictSame(compareWithRecord(found(8), record), [])
  t.strictSame(compareWithRecord(found(1), record), [])
  t.match(compareWithRecord(found(8.1), record), [
    /^agent: 1 secret, CPU: 8\.10 × the floor, and 4\.00 × when it was recorded; .*--record/,
  ])
})

t.test('a ratio that only the run or only the record has is reported', async (t) => {
  t.match(compareWithRecord(found(4), {}), [/^agent: 1 secret, CPU: not in the record yet/])
  const more = { agent: { ...record.agent, '2 secrets, CPU': 4 } }
  t.match(compareWithRecord(found(4), more), [/^agent: 2 secrets, CPU: the record has it/])
})

t.test('tables that weren’t measured aren’t compared', async (t) => {
  t.strictSame(compareWithRecord(found(4), { ...record, core: { mutations: 1 } }), [])
})
