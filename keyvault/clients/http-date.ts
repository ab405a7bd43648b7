/**
 * Reads an HTTP date, such as `Sun, 29 Nov 2026 07:00:00 GMT`, in milliseconds since 1970. Undefined if it isn't one: JavaScript
 * accepts many strings as dates, but an HTTP date starts with the name of the day and ends with its time (RFC 9110, 5.6.7).
 */
export function httpDateMs(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 40) return undefined
  if (!/^[A-Z][a-z]+, .+ \d\d:\d\d:\d\d GMT$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
