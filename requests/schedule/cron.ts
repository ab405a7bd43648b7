import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { parseGoDuration } from '../../lib/values/parse-go-duration.ts'

/**
 * The values that a field names: a text with a `1` at the index of each. A namespace may have thousands of schedules, which are
 * kept in memory, and a list of all minutes of a day would take 11 KiB for each.
 */
type Mask = string

/** The times that a schedule names, in UTC. */
export type Cron =
  | { readonly kind: 'every'; readonly everyMs: number }
  | {
      readonly kind: 'fields'
      readonly minutes: Mask
      readonly hours: Mask
      readonly daysOfMonth: Mask
      readonly months: Mask
      /** From 0, which is Sunday. */
      readonly daysOfWeek: Mask
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
  return {
    kind: 'fields',
    minutes: maskOf(minute),
    hours: maskOf(hour),
    daysOfMonth: maskOf(dayOfMonth),
    months: maskOf(month),
    daysOfWeek: maskOf(dayOfWeek),
    fitsEither: !dayOfMonth.isAny && !dayOfWeek.isAny,
  }
}

const maskOf = ({ values }: Values): Mask =>
  Array.from({ length: Math.max(-1, ...values) + 1 }, (_, value) =>
    values.has(value) ? '1' : '0',
  ).join('')

const isNamed = (mask: Mask, value: number): boolean => mask[value] === '1'

type CronFields = Extract<Cron, { kind: 'fields' }>

/** Whether a schedule fires at a minute of each of its days. */
export const firesAt = ({ minutes, hours }: CronFields, minuteOfDay: number): boolean =>
  isNamed(minutes, minuteOfDay % 60) && isNamed(hours, Math.floor(minuteOfDay / 60))

/** Whether a schedule fires on a day. */
export function firesOn(
  { minutes, hours, daysOfMonth, months, daysOfWeek, fitsEither }: CronFields,
  day: Date,
): boolean {
  if (minutes === '' || hours === '' || !isNamed(months, day.getUTCMonth() + 1)) return false
  const fitsMonth = isNamed(daysOfMonth, day.getUTCDate())
  const fitsWeek = isNamed(daysOfWeek, day.getUTCDay())
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
