import { type FunctionName, maxCallBytes, TemplateError } from './model/template.ts'
import { isList, isMap, type Value } from './model/value.ts'

/** What each value in a list or a map counts: about the memory that it takes. */
const memberBytes = 16
/** What a list or an object of JSON counts besides its members. */
const containerBytes = 96

/**
 * The size of a value in bytes. A number, a list or an object counts with the memory that it takes, because eight thousand
 * empty objects have only three bytes of JSON each.
 */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length
  if (isList(value))
    return value.reduce<number>((sum, item) => sum + memberBytes + sizeOf(item), containerBytes)
  if (!isMap(value)) return 1
  let size = value.kind === 'json' ? containerBytes : 0
  for (const [key, item] of value.entries) {
    size += key.length + sizeOf(item)
    if (value.kind === 'json') size += memberBytes
  }
  return size
}

/** @throws TemplateError if the values are more than one call may handle */
export function boundedSize(values: readonly Value[]): number {
  let size = 0
  for (const value of values) size += sizeOf(value)
  if (size > maxCallBytes)
    throw new TemplateError(`one of its functions handles more than ${maxCallBytes} bytes`)
  return size
}

/** The cost of parsing, for each character of a template, in microseconds. */
export const parsedCharacterCost = 0.5
/** The cost of each step: an action, a condition, or a call. */
export const stepCost = 1
/** The cost of each byte that a function only copies or compares. */
export const copiedByteCost = 0.02

/** The functions that look at each character, or at each value in a map, cost much more. `npm run bench -- template-costs` measures them. */
const byteCosts: Partial<Readonly<Record<FunctionName, number>>> = {
  b64dec: 0.02,
  filterPEM: 0.2,
  fromJson: 0.25,
  fullPemToPkcs12: 0.5,
  fullPemToPkcs12Pass: 0.5,
  jwkPrivateKeyPem: 0.25,
  jwkPublicKeyPem: 0.25,
  lower: 0.2,
  pemToPkcs12: 0.5,
  pemToPkcs12Pass: 0.5,
  pemTruststoreToPKCS12: 0.5,
  pemTruststoreToPKCS12Pass: 0.5,
  printf: 0.15,
  quote: 0.2,
  replace: 0.15,
  toJson: 0.25,
  toString: 0.15,
  trim: 0.15,
  upper: 0.2,
}

/** The cost of each byte that a function reads, in microseconds. */
export const byteCostOf = (name: FunctionName): number => byteCosts[name] ?? copiedByteCost
