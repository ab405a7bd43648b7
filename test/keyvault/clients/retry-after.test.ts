import t from 'tap'
import { retryAfterMs } from '../../../keyvault/clients/retry-after.ts'

const nowMs = Date.parse('2026-07-01T10:00:00Z')
const ask = (headers: Record<string, string>) => retryAfterMs((name) => headers[name], nowMs)

t.test(
  'a service asks for a pause in seconds, as a date, or in Azure’s milliseconds',
  async (t) => {
    t.equal(ask({ 'retry-after': '7' }), 7000)
    t.equal(ask({ 'retry-after': '0' }), 0)
    t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2026 10:00:30 GMT' }), 30_000)
    t.equal(ask({ 'retry-after-ms': '250', 'retry-after': '1' }), 250)
    t.equal(ask({ 'x-ms-retry-after-ms': '250' }), 250)
  },
)

t.test(
  'a Retry-After in the past asks for no pause, and none is longer than an hour',
  async (t) => {
    t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2026 09:00:00 GMT' }), 0)
    t.equal(ask({ 'retry-after': '999999999999' }), 3_600_000)
    t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2099 09:00:00 GMT' }), 3_600_000)
  },
)

t.test('a Retry-After that isn’t a number or a date is ignored', async (t) => {
  for (const value of ['', 'soon', '-1', '1e9', '9'.repeat(400)])
    t.equal(ask({ 'retry-after': value }), undefined, value)
  t.equal(ask({ 'retry-after-ms': 'x', 'retry-after': '2' }), 2000)
  t.equal(ask({}), undefined)
})

t.test('a date is compared with the clock that wrote it, however wrong ours is', async (t) => {
  const date = 'Wed, 01 Jul 2026 20:00:00 GMT'
  t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2026 20:00:30 GMT', date }), 30_000)
  t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2026 10:00:30 GMT', date }), 0)
  for (const wrong of ['2026', `Wed, ${' '.repeat(100)}01 Jul 2026 20:00:00 GMT`, 'Wed, x', ''])
    t.equal(ask({ 'retry-after': 'Wed, 01 Jul 2026 10:00:30 GMT', date: wrong }), 30_000, wrong)
})
