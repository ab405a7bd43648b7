import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { parseGoDuration } from '../../lib/values/parse-go-duration.ts'

/** The times that a schedule names, in UTC. */
export type Cron =
  | { readonly kind: 'every'; readonly everyMs: number }
  | {
      readonly kind: 'fields'
      /** The minutes of a day at which it fires, in ascending order. */
      readonly minutes: readonly number[]
      readonly daysOfMonth: readonly number[]
      readonly months: readonly number[]
      /** From 0, which is Sunday. */
      readonly daysOfWeek: readonly number[]
      /** Whether a day has to fit only one of its fields. */
      readonly fitsEither: boolean
    }

/** Longer than any schedule has to be. */
const maxScheduleLength = 256

const names = (text: string, from: number): ReadonlyMap<string, number> =>
  new Map(text.split(' ').map((name, index) => [name, index + from]))

/** The bounds of a field, and the names that it may use. */
interface Bounds {
  readonly field: string
  readonly min: number
  readonly max: number
  readonly names?: ReadonlyMap<string, number>
}

const bounds: readonly [Bounds, Bounds, Bounds, Bounds, Bounds] = [
  { field: 'minute', min: 0, max: 59 },
  { field: 'hour', min: 0, max: 23 },
  { field: 'day of month', min: 1, max: 31 },
  {
    field: 'month',
    min: 1,
    max: 12,
    names: names('jan feb mar apr may jun jul aug sep oct nov dec', 1),
  },
  { field: 'day of week', min: 0, max: 6, names: names('sun mon tue wed thu fri sat', 0) },
]

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/**
 * Reads a schedule as github.com/robfig/cron/v3 does with five fields, which is what the External Secrets Operator uses. In one
 * point it differs from most others: a day fits both of its fields unless each of them names days, and `*` followed by a step
 * above 1 names days.
 */
export function parseCron(text: string): Parsed<Cron> {
  if (text.length > maxScheduleLength)
    return invalid(`has ${text.length} characters; accepted: at most ${maxScheduleLength}`)
  if (text.startsWith('@every ')) return parseEvery(text.slice('@every '.length))
  const fields = (Object.hasOwn(descriptors, text) ? (descriptors[text] ?? '') : text)
    .split(/\s+/)
    .filter((field) => field !== '')
  if (fields.length !== bounds.length)
    return invalid('expected five fields, such as "0 22 * * 1-5", or "@daily" or "@every 1h"')
  const found: Values[] = []
  for (const [index, limits] of bounds.entries()) {
    const values = parseField(fields[index] ?? '', limits)
    if (values.kind === 'invalid') return values
    found.push(values.value)
  }
  return valid(cronOf(found as [Values, Values, Values, Values, Values]))
}

/** Go rounds a pause down to whole seconds, and below one second up to that. */
function parseEvery(text: string): Parsed<Cron> {
  const duration = parseGoDuration(text)
  if (duration.kind === 'invalid') return duration
  const everyMs = Math.max(1000, Math.floor(duration.value / 1000) * 1000)
  return valid({ kind: 'every', everyMs })
}

/** The values that a field names. */
interface Values {
  readonly values: ReadonlySet<number>
  /** Whether the field is `*`, so that it names none in particular. */
  readonly isAny: boolean
}

function cronOf([minute, hour, dayOfMonth, month, dayOfWeek]: [
  Values,
  Values,
  Values,
  Values,
  Values,
]): Cron {
  const sorted = ({ values }: Values) => [...values].sort((a, b) => a - b)
  return {
    kind: 'fields',
    minutes: sorted(hour).flatMap((h) => sorted(minute).map((m) => h * 60 + m)),
    daysOfMonth: sorted(dayOfMonth),
    months: sorted(month),
    daysOfWeek: sorted(dayOfWeek),
    fitsEither: !dayOfMonth.isAny && !dayOfWeek.isAny,
  }
}

/** Whether a schedule fires on a day. */
export function firesOn(
  { daysOfMonth, months, daysOfWeek, fitsEither }: Extract<Cron, { kind: 'fields' }>,
  day: Date,
): boolean {
  if (!months.includes(day.getUTCMonth() + 1)) return false
  const fitsMonth = daysOfMonth.includes(day.getUTCDate())
  const fitsWeek = daysOfWeek.includes(day.getUTCDay())
  return fitsEither ? fitsMonth || fitsWeek : fitsMonth && fitsWeek
}

function parseField(text: string, limits: Bounds): Parsed<Values> {
  const values = new Set<number>()
  let isAny = false
  for (const part of text.split(',')) {
    if (part === '') continue
    const range = parseRange(part, limits)
    if (range === undefined)
      return invalid(
        `"${part}" isn't a valid ${limits.field}; accepted: *, numbers from ${limits.min} to ${limits.max}, ranges and steps such as 1-5 or */2`,
      )
    const { start, end, step } = range
    for (let value = start; value <= end; value += step) values.add(value)
    isAny ||= range.isAny
  }
  return valid({ values, isAny })
}

function parseRange(text: string, { min, max, names }: Bounds) {
  const [range = '', stepText, ...more] = text.split('/')
  const [low = '', high, ...others] = range.split('-')
  const isStar = low === '*' || low === '?'
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  const start = isStar ? min : parseNumber(low, names)
  const last = stepText === undefined ? start : max
  const end = isStar ? max : high === undefined ? last : parseNumber(high, names)
  if (start === undefined || end === undefined || step === undefined) return undefined
  if (more.length > 0 || (others.length > 0 && !isStar)) return undefined
  if (start < min || end > max || start > end || step === 0) return undefined
  return { start, end, step, isAny: isStar && step === 1 }
}

const parseNumber = (text: string, names?: ReadonlyMap<string, number>): number | undefined =>
  names?.get(text.toLowerCase()) ?? (/^\+?\d{1,9}$/.test(text) ? Number(text) : undefined)
