import { invalid, type Parsed, valid } from '../problems/parsed.ts'

const accepted =
  'a duration in whole hours, minutes and seconds such as "90s", "5m" or "1h30m", or "0"'
const pattern = /^(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/
const maxSeconds = 365 * 24 * 3600

/** Reads Go's form of a duration in whole units, or `0`. Gives seconds; a year at most. */
export function parseDuration(text: string): Parsed<number> {
  if (text === '0') return valid(0)
  const [match, hours = 0, minutes = 0, seconds = 0] = pattern.exec(text) ?? []
  if (!match) return invalid(`expected ${accepted}`)
  const value = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return value <= maxSeconds ? valid(value) : invalid(`expected ${accepted}, a year at most`)
}
