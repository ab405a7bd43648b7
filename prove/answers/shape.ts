import type { RawAnswer } from '../../keyvault/clients/request-guard.ts'
import {
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  scalarText,
  valueAt,
} from '../../lib/shape.ts'
import { jsonOf } from '../tools/json-of.ts'
import { type AnswerField, answerFields, isWordOf, otherWord } from './answer-words.ts'

/** What an answer looks like, in listed words. A field that the answer doesn't have is absent. */
export type AnswerShape = Readonly<Partial<Record<AnswerField, readonly string[]>>>

/**
 * The shape of an answer: which members it has, never what is in them.
 *
 * @param answer - absent if there was none
 * @param audience - the audience of tokens for a vault
 */
export function shapeOf(answer: RawAnswer | undefined, audience: string): AnswerShape {
  if (answer === undefined) return { status: ['none'] }
  const headers = new Map([...answer.headers].slice(0, maxHeaders))
  const body = jsonOf(answer.bodyAsText ?? '')
  const found: Readonly<Record<AnswerField, readonly unknown[]>> = {
    status: [String(answer.status)],
    code: codesOf(body),
    'inner-code': innerCodesOf(body),
    headers: [...headers.keys()].filter((name) => !ofConnection.has(name)).toSorted(),
    'retry-after': retryAfterForms(headers),
    challenge: challengeParts(headers.get('www-authenticate'), audience),
    keys: [...new Set(pathsOf(body))].toSorted(),
    order: orderOf(objectsAt(body, 'value')),
    dates: datesOf(objectAt(body, 'attributes')),
  }
  return withListedWords(
    Object.fromEntries(Object.entries(found).filter(([, words]) => words.length > 0)),
  )
}

/** Keeps listed words, and puts one word in the place of all others, so that a shape can't hold anything else. */
export function withListedWords(
  found: Readonly<Partial<Record<AnswerField, unknown>>>,
): AnswerShape {
  const fields = answerFields.flatMap((field) => {
    const texts = found[field]
    if (!Array.isArray(texts)) return []
    const words = texts
      .slice(0, maxWords)
      .map((text: unknown) => (isWordOf(field, text) ? text : otherWord))
    return [[field, [...new Set(words)]] as const]
  })
  return Object.fromEntries(fields)
}

const maxHeaders = 100
const maxWords = 1_000
/** A proxy decides about these, or the HTTP library. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

function codesOf(body: unknown): readonly unknown[] {
  const error = valueAt(body, 'error')
  return present(isObject(error) ? error['code'] : error)
}

function innerCodesOf(body: unknown): readonly unknown[] {
  const numbers = valueAt(body, 'error_codes')
  if (Array.isArray(numbers))
    return numbers.slice(0, 5).map((number) => `AADSTS${scalarText(number)}`)
  return present(valueAt(body, 'error', 'innererror', 'code'))
}

const present = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value])

function retryAfterForms(headers: ReadonlyMap<string, string>): readonly string[] {
  const after = headers.get('retry-after')
  const isPrecise = headers.has('retry-after-ms') || headers.has('x-ms-retry-after-ms')
  return [
    ...(after === undefined ? [] : [/^\d+$/.test(after) ? 'seconds' : 'date']),
    ...(isPrecise ? ['milliseconds'] : []),
  ]
}

/** The scheme, and the names of the parameters in their order. */
function challengeParts(header: string | undefined, audience: string): readonly string[] {
  if (header === undefined) return []
  const text = header.slice(0, 4096)
  const parts = [...text.matchAll(/([a-z_]{1,40})="([^"]*)"/gi)]
  const isAudience = parts.some(([, name, value]) => name === 'resource' && value === audience)
  return [
    /^[a-z]{0,20}/i.exec(text)?.[0].toLowerCase() ?? '',
    ...parts.map(([, name = '']) => name),
    ...(isAudience ? ['resource-is-audience'] : []),
  ]
}

const maxDepth = 4
const maxMembers = 100

/** The paths of all members. The objects of a list count as one. */
function pathsOf(value: unknown, path = '', depth = 0): readonly string[] {
  if (depth > maxDepth) return []
  if (Array.isArray(value))
    return value.slice(0, maxMembers).flatMap((one) => pathsOf(one, path, depth + 1))
  if (!isObject(value)) return []
  return Object.entries(value)
    .slice(0, maxMembers)
    .flatMap(([name, member]) => {
      const at = path === '' ? name : `${path}.${name}`
      return [at, ...pathsOf(member, at, depth + 1)]
    })
}

/** How a list is sorted: versions by their dates, other lists by name. */
function orderOf(items: readonly JsonObject[]): readonly string[] {
  const ids = items.map(({ id, kid }) =>
    scalarText(id ?? kid)
      .split('/')
      .slice(4),
  )
  if (ids.length < 2) return []
  if (ids.every(([, version]) => version === undefined))
    return [isSorted(ids.map(([name = '']) => name.toLowerCase())) ? 'by-name' : 'names-mixed']
  const dates = items.map((item) => Number(valueAt(item, 'attributes', 'created')))
  if (new Set(dates).size < 2) return []
  if (isSorted(dates)) return ['oldest-first']
  return [isSorted(dates.toReversed()) ? 'newest-first' : 'dates-mixed']
}

const isSorted = (values: readonly (string | number)[]): boolean =>
  values.every((value, index) => index === 0 || (values[index - 1] ?? value) <= value)

/** Key Vault dates a certificate's `nbf` back by ten minutes. */
const backdatedSeconds = 600

function datesOf({ created, nbf, updated }: JsonObject): readonly string[] {
  if (typeof created !== 'number') return []
  return [
    ...(nbf === created - backdatedSeconds
      ? ['nbf-10-minutes-before-created']
      : relation('nbf', nbf, created)),
    ...relation('updated', updated, created),
  ]
}

function relation(name: 'nbf' | 'updated', date: unknown, created: number): readonly string[] {
  if (typeof date !== 'number') return []
  if (date === created) return [`${name}-is-created`]
  return [`${name}-${date < created ? 'before' : 'after'}-created`]
}
