import { printable } from '../../../lib/printable.ts'
import { TemplateError } from '../model/template.ts'
import { isList, isMap, sortedEntries, typeName, type Value } from '../model/value.ts'
import { quote } from './quote.ts'

const verbs = ['s', 'v', 'd', 'q'] as const
type Verb = (typeof verbs)[number]

/** @throws TemplateError if a format in a template has verbs or flags that aren't supported */
export function checkFormat(format: string): void {
  const verb = unsupportedVerb(format)
  if (verb !== undefined) throw unsupported(`"%${printable(verb)}" is`)
}

const unsupportedVerb = (format: string): string | undefined =>
  partsOf(format).find(({ verb = '' }) => verb !== '' && verb !== '%' && !isVerb(verb))?.verb

const unsupported = (what: string): TemplateError =>
  new TemplateError(`printf: ${what} not supported; accepted: %s, %v, %d, %q and %%`)

const isVerb = (verb: string): verb is Verb => (verbs as readonly string[]).includes(verb)

/** Splits a format into texts, each with the verb that follows it. The verb is empty if the format ends with `%`. */
function partsOf(format: string): readonly { readonly text: string; readonly verb?: string }[] {
  const parts: { text: string; verb?: string }[] = []
  for (let at = 0; at <= format.length; ) {
    const percent = format.indexOf('%', at)
    if (percent < 0) return [...parts, { text: format.slice(at) }]
    parts.push({ text: format.slice(at, percent), verb: format.charAt(percent + 1) })
    at = percent + 2
  }
  return parts
}

/** Formats as Go's `fmt.Sprintf` does, also if verbs and values don't match. */
export function printf(format: string, args: readonly Value[]): string {
  // A computed format may be a secret, so the message doesn't quote it. Others have been checked.
  if (unsupportedVerb(format) !== undefined)
    throw unsupported('a computed format has a verb that is')
  let next = 0
  const formatted = partsOf(format).map(({ text, verb }) => {
    if (verb === undefined) return text
    if (verb === '') return `${text}%!(NOVERB)`
    if (verb === '%') return `${text}%`
    if (next >= args.length) return `${text}%!${verb}(MISSING)`
    return text + formatValue(args[next++] as Value, verb as Verb)
  })
  const extra = args.slice(next).map((value) => (value === null ? '<nil>' : typed(value)))
  return formatted.join('') + (extra.length === 0 ? '' : `%!(EXTRA ${extra.join(', ')})`)
}

/** Formats one value as Go's `%v` does. */
export const formatPlain = (value: Value): string => formatValue(value, 'v')

const typed = (value: Value): string => `${typeName(value)}=${formatPlain(value)}`

function formatValue(value: Value, verb: Verb, isNested = false): string {
  if (value === null) return verb === 'v' || isNested ? '<nil>' : `%!${verb}(<nil>)`
  if (isMap(value)) {
    const entries = sortedEntries(value).map(
      ([key, item]) => `${formatValue(key, verb, true)}:${formatValue(item, verb, true)}`,
    )
    return `map[${entries.join(' ')}]`
  }
  if (isList(value)) return `[${value.map((item) => formatValue(item, verb, true)).join(' ')}]`
  if (typeof value === 'string') {
    if (verb === 'd') return mismatch(value, verb)
    return verb === 'q' ? quote(value) : value
  }
  if (verb !== 'v') return mismatch(value, verb)
  return typeof value === 'number' ? formatNumber(value) : String(value)
}

const mismatch = (value: Value, verb: Verb): string => `%!${verb}(${typed(value)})`

/** 123456.5 is printed like this, 1234567 as 1.234567e+06. */
const maxPlainExponent = 5

/** Formats a float64 as Go's `%v`: the shortest digits, with an exponent for very small and for large numbers. */
function formatNumber(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power < -4 || power > maxPlainExponent) {
    const size = String(Math.abs(power)).padStart(2, '0')
    return `${sign(value)}${digits.replace('-', '')}e${power < 0 ? '-' : '+'}${size}`
  }
  const plain = value.toFixed(Math.max(0, digits.replace(/^-?\d\.?/, '').length - power))
  return sign(value) + plain.replace('-', '')
}

/** JSON has a negative zero, and Go prints its sign. */
const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '')
