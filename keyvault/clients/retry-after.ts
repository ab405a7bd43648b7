/** A service that asks for more is left to the caller's own back-off. */
const maxMs = 60 * 60 * 1000

/**
 * How long a service asked to be left alone: Azure's millisecond headers before `Retry-After`, which is seconds or an
 * HTTP date (RFC 9110, 10.2.3). Undefined if the header is absent or invalid.
 *
 * @param header - looks a header up by its lower-case name
 * @param nowMs - what a date is counted from
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
  // JavaScript takes much for a date: an HTTP date starts with the day's name.
  const dateMs = /^[A-Z][a-z]+, /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(dateMs - nowMs, 0), maxMs)
}

const isDigits = (text: string): boolean => /^\d{1,12}$/.test(text)
