import t from 'tap'
import { backoffMs, backoffSpanMs } from '../../lib/backoff.ts'

const limits = { firstMs: 500, longestMs: 15_000 }

t.test('the span doubles with each failure in a row, up to the longest', async (t) => {
  const spans = [1, 2, 3, 4, 5, 6, 7, 5_000].map((failures) =>
    backoffSpanMs({ ...limits, failures }),
  )
  t.strictSame(spans, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
})

t.test('full jitter takes any part of the span, half jitter at least half of it', async (t) => {
  const waits = (jitter: 'full' | 'half') =>
    [0, 0.5, 1].map((part) =>
      backoffMs({ ...limits, failures: 2, jitter, clock: { random: () => part } }),
    )
  t.strictSame(waits('full'), [0, 500, 1_000])
  t.strictSame(waits('half'), [500, 750, 1_000])
})
