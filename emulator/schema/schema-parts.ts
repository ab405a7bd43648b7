/** The building blocks of the schemas for the vault file (YAML) and the control API (JSON). */

import { z } from 'zod'
import { nearestName } from '../../lib/problems/did-you-mean.ts'

/** A mapping with exactly these keys. The message about an unknown key suggests the nearest one. */
export const mapping = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const keys = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, keys)).join('\n')
        : foundKind(issue.input, `a mapping with ${keys.join(', ')}`),
  })
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known)
  const guess = nearest === undefined ? '' : `did you mean "${nearest}"? `
  return `unknown key ${describe(key)}; ${guess}(accepted: ${known.join(', ')})`
}

/** The names that a mapping may have, as a predicate and as text for messages. */
interface NameRule {
  readonly isName: (name: string) => boolean
  readonly accepted: string
}

/** A mapping from names to values. */
export const namesTo = <Value extends z.ZodType>(
  value: Value,
  { isName, accepted }: NameRule = { isName: () => true, accepted: 'a name' },
) =>
  z.record(z.string().refine(isName, { error: ({ input }) => found(input, accepted) }), value, {
    error: ({ input }) => foundKind(input, 'a mapping'),
  })

export const list = <Item extends z.ZodType>(item: Item) =>
  z.array(item, { error: ({ input }) => foundKind(input, 'a list') })

/** For editors, `0644` is a number and `true` a boolean; the emulator reads both as strings. */
const scalar = ['string', 'number', 'boolean']

/** A string that `isValid`. `accepted` describes the valid values. */
export function validText(accepted: string, isValid: (text: string) => boolean = () => true) {
  const error = ({ input }: { readonly input: unknown }) => found(input, accepted)
  return z
    .string({ error })
    .refine(isValid, { error })
    .meta({ type: scalar, description: accepted })
}

/** A string that may contain a secret, so messages never repeat it. */
export const secretText = (accepted: string) =>
  z.string({ error: ({ input }) => foundKind(input, accepted) }).meta({ type: scalar })

/** One of these words. */
export const word = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: ({ input }) => found(input, words.join(', ')) }).meta({
    type: scalar,
    enum: words.flatMap((word) => (/^\d+$/.test(word) ? [word, Number(word)] : [word])),
  })

/** A whole number, or a string of digits, because every scalar of the vault file is read as a string. */
export const wholeNumber = (min: number, max: number) =>
  converted(`a whole number from ${min} to ${max}`, (input) => {
    const value = typeof input === 'string' && /^-?\d{1,15}$/.test(input) ? Number(input) : input
    const isWhole = typeof value === 'number' && Number.isInteger(value)
    return isWhole && value >= min && value <= max ? value : undefined
  }).meta({ type: 'integer', minimum: min, maximum: max })

export const flag = converted('true or false', (input) =>
  typeof input === 'boolean' ? input : { true: true, false: false }[String(input)],
).meta({ type: 'boolean' })

export const date = converted('a date such as 2026-01-31T12:00:00Z', (input) => {
  const value = new Date(typeof input === 'string' ? input : Number.NaN)
  return Number.isNaN(value.getTime()) ? undefined : value
}).meta({ type: 'string', format: 'date-time' })

/** The result of `convert`. An input for which it returns undefined is a problem. */
function converted<T>(accepted: string, convert: (input: unknown) => T | undefined) {
  return z.unknown().transform((input, context): T => {
    const value = convert(input)
    if (value !== undefined) return value
    context.addIssue(found(input, accepted))
    return z.NEVER
  })
}

/** A key without a value counts as absent. */
export const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | undefined => value ?? undefined)

export const withDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((given): z.output<Schema> => given ?? value)

/** The message about an invalid value that can't be a secret, so the message repeats it. */
export function found(input: unknown, accepted: string): string {
  const isRepeated = ['string', 'number', 'boolean'].includes(typeof input)
  return isRepeated ? `found ${describe(input)}; accepted: ${accepted}` : foundKind(input, accepted)
}

/** The message about a value that may be a misplaced secret, so it only names the kind of the value. */
const foundKind = (input: unknown, accepted: string): string =>
  `found ${kindOf(input)}; accepted: ${accepted}`

function kindOf(input: unknown): string {
  if (input === undefined || input === null) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'object') return 'a mapping'
  return typeof input === 'string' ? 'a string' : `a ${typeof input}`
}

function describe(input: unknown): string {
  if (typeof input !== 'string') return String(input)
  return JSON.stringify(input.length > 80 ? `${input.slice(0, 80)}…` : input)
}
