import { httpDateMs } from './http-date.ts'

/** If a service asks for a longer pause, the caller uses its own back-off instead. */
const maxMs = 60 * 60 * 1000

/**
 * Returns how long the service asked us to wait: from Azure's millisecond headers, otherwise from `Retry-After`, which
 * is a number of seconds or an HTTP date (RFC 9110, 10.2.3). Returns undefined if the header is absent or invalid.
 *
 * @param header - looks a header up by its lower-case name
 * @param nowMs - our own time in milliseconds since 1970. It turns a date into a pause only if the answer has no `Date`, because our
 *   clock may be wrong.
 */
export function retryAfterMs(
  header: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const precise = header('retry-after-ms') ?? header('x-ms-retry-after-ms')
  if (precise !== undefined && isDigits(precise)) return Math.min(Number(precise), maxMs)
  const value = header('retry-after')
  if (value === undefined) return undefined
  if (isDigits(value)) return Math.min(Number(value) * 1000, maxMs)
  const endMs = httpDateMs(value)
  if (endMs === undefined) return undefined
  return Math.min(Math.max(endMs - (httpDateMs(header('date')) ?? nowMs), 0), maxMs)
}

const isDigits = (text: string): boolean => /^\d{1,12}$/.test(text)
