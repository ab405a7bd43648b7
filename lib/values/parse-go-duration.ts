import { invalid, type Parsed, valid } from '../problems/parsed.ts'

const unitMs = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const whole = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
/** Longer than Go writes any duration. */
const maxLength = 64
/** Go's durations end after 292 years. */
const maxMs = 290 * 365 * 24 * 3_600_000

/**
 * Reads a duration as Go's `time.ParseDuration` does, such as `1h30m`, `1.5h` or `0`.
 *
 * @returns milliseconds; negative if it has a minus
 */
export function parseGoDuration(text: string): Parsed<number> {
  if (/^[-+]?0$/.test(text)) return valid(0)
  const refused = invalid('expected a duration such as "1h", "30m" or "1h30m"')
  if (text.length > maxLength || !whole.test(text)) return refused
  let ms = 0
  for (const [, amount, unit] of text.matchAll(part))
    ms += Number(amount) * unitMs[unit as keyof typeof unitMs]
  if (ms > maxMs) return refused
  return valid(text.startsWith('-') ? -ms : ms)
}
