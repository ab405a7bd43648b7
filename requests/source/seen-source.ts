import { measureJson } from '../../lib/json/measure-json.ts'
import type { FieldPath } from '../../lib/problems/problem.ts'
import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import { accountAnnotation } from './choose-account.ts'

/** An object of a watched kind, as read from a list or a watch, without what isn't needed. */
export interface SeenSource<Kept extends object = object> {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly createdAtMs: number
  /** The value of {@link accountAnnotation}. */
  readonly annotated?: string
  readonly content: SourceContent<Kept>
}

export type SourceContent<Kept extends object = object> =
  /** The object isn't for us. */
  | { readonly kind: 'nothing' }
  | (Kept & {
      readonly kind: 'kept'
      /** The names of the Secrets that it requests. */
      readonly claims: readonly string[]
      /** How much memory it takes at most, with all that is made of it. */
      readonly bytes: number
    })
  /** The object isn't kept. `sentence` says why. */
  | {
      readonly kind: 'refused'
      readonly sentence: string
      /** The part of the object that the sentence is about. */
      readonly path?: FieldPath
      /** The names of its Secrets, which no younger source may take over. */
      readonly claims: readonly string[]
      /** There was no room for the object, which needs so much memory. */
      readonly neededBytes?: number
    }

/** More than any name that can be annotated. */
const maxNameLength = 253

/**
 * Reads the metadata of an object of a list or a watch, with the content that `contentOf` reads. A cluster-scoped object has
 * an empty namespace. Returns an empty list for anything else.
 */
export function readSeen<Kept extends object>(
  object: unknown,
  contentOf: (object: JsonObject, name: string) => SourceContent<Kept>,
): readonly SeenSource<Kept>[] {
  const metadata = valueAt(object, 'metadata')
  if (!isObject(object) || !isObject(metadata)) return []
  const { namespace = '', name, uid, resourceVersion, creationTimestamp, annotations } = metadata
  if (typeof name !== 'string') return []
  if (![namespace, uid, resourceVersion].every((text) => typeof text === 'string')) return []
  const annotated = valueAt(annotations, accountAnnotation)
  const createdAtMs = Date.parse(String(creationTimestamp))
  return [
    {
      namespace,
      name,
      uid,
      resourceVersion,
      createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
      ...(typeof annotated === 'string' && { annotated: shortText(annotated, maxNameLength) }),
      content: contentOf(object, name),
    } as SeenSource<Kept>,
  ]
}

/** The beginning of a text. A slice would keep the whole text in memory, so a longer one is copied. */
export const shortText = (text: string, maxLength: number): string =>
  text.length > maxLength ? structuredClone(text.slice(0, maxLength)) : text

/** Comparing two specs takes a part of the stack for each level. No spec needs a tenth of these. */
const maxLevels = 100

/** The JSON text of a value; a sentence if it is nested too deeply, which a CRD could allow, or longer than `maxCharacters`. */
export function boundedText(
  value: unknown,
  maxCharacters: number,
): { readonly text: string } | { readonly sentence: string } {
  if (isDeeper(value, maxLevels))
    return { sentence: `is nested more than ${maxLevels} levels deep` }
  const text = JSON.stringify(value) ?? 'null'
  return text.length > maxCharacters
    ? { sentence: `found ${text.length} characters; accepted: at most ${maxCharacters}` }
    : { text }
}

/** V8 keeps a text in two bytes for each character if one of them isn't among the first 256. */
const isLatin = /^[\0-\xff]*$/
/** What the objects of JavaScript that are made of one JSON value take. */
const valueBytes = 128
/** The text is kept as a whole, and its strings are kept once more when it has been read. */
const copies = 3

/**
 * How much memory a JSON text takes at most, with all that is kept of it once it has been read. Values count, not only
 * characters: an object takes two characters.
 */
export function bytesToKeep(text: string): number {
  const characterBytes = isLatin.test(text) ? 1 : 2
  const { values } = measureJson(Buffer.from(text))
  return copies * characterBytes * text.length + valueBytes * values
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)))
