import { createHash } from 'node:crypto'
import { isObject, type JsonObject, objectAt, objectsAt, valueAt } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'
import { copyAnnotations, copyLabels } from '../secret/labels.ts'
import { fieldManager } from '../secret/names.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import {
  boundedText,
  bytesToKeep,
  readSeen,
  type SeenSource,
  type SourceContent,
  shortText,
} from '../source/seen-source.ts'
import { claimedName } from './read-external-secret.ts'

export interface KeptSpec {
  /** The JSON text of its `spec`, which takes less memory than its values. */
  readonly text: string
  /** The `refreshInterval` of its `spec`, unchecked. */
  readonly refreshInterval?: string
  /** Of an ExternalSecret without a template: what its Secret gets, too. */
  readonly copied?: Pick<RequestedSecret, 'labels' | 'annotations'>
}

/** An ExternalSecret, a SecretStore or a ClusterSecretStore. */
export interface SeenWithStatus extends SeenSource<KeptSpec> {
  /** Of an ExternalSecret: changes with its spec, labels and annotations. */
  readonly revision?: string
  readonly status: SeenStatus
}

/** The part of a status that is compared with the desired one, and who else has written it. */
export interface SeenStatus {
  /** The condition `Ready`. */
  readonly ready?: ReadyCondition
  readonly refreshTime?: string
  readonly syncedResourceVersion?: string
  readonly binding?: { readonly name: string }
  /** Whether we have written a part of the status that nobody else has changed since. */
  readonly isOurs?: boolean
  /** The last writes to the status by other managers, the latest first. Their times may be in the future. */
  readonly otherWrites?: readonly StatusWrite[]
}

export interface StatusWrite {
  readonly manager: string
  readonly atMs: number
}

export interface ReadyCondition {
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
}

/** Enough for hundreds of keys with templates. */
const maxSpecCharacters = 96 * 1024
const maxTextLength = 2048
/** Longer than any of ours, and little enough for the thousands of objects that are known by name only. */
const maxWordLength = 64

/** Reads an ExternalSecret of a list or a watch. Returns an empty list for anything else. */
export const readSeenExternalSecret = (object: unknown): readonly SeenWithStatus[] =>
  readWithStatus(object, (spec, name) => {
    const claimed = parseSecretName(claimedName(spec, name))
    return claimed.kind === 'valid' ? [claimed.value] : []
  }).map((seen) => {
    const { metadata } = object as { readonly metadata: JsonObject }
    const content = withMetadata(seen.content, object as JsonObject)
    return { ...seen, content, revision: objectRevision(metadata) }
  })

/** As the operator does, the Secret of an ExternalSecret without a template gets its labels and annotations. */
function withMetadata(
  content: SourceContent<KeptSpec>,
  { spec, metadata }: JsonObject,
): SourceContent<KeptSpec> {
  if (content.kind !== 'kept' || !isObject(metadata)) return content
  if (valueAt(spec, 'target', 'template') != null) return content
  const labels = copyLabels(metadata['labels'])
  const annotations = copyAnnotations(metadata['annotations'])
  const copied = { labels, ...(Object.keys(annotations).length > 0 && { annotations }) }
  return { ...content, copied, bytes: content.bytes + bytesToKeep(JSON.stringify(copied)) }
}

/** Reads a store of a list or a watch. Returns an empty list for anything else. */
export const readSeenStore = (object: unknown): readonly SeenWithStatus[] =>
  readWithStatus(object, () => [])

const readWithStatus = (
  object: unknown,
  claimsOf: (spec: unknown, name: string) => readonly string[],
): readonly SeenWithStatus[] =>
  readSeen(object, ({ spec }, name) => contentOf(spec, claimsOf(spec, name))).map((seen) => ({
    ...seen,
    status: statusOf(object as JsonObject),
  }))

function contentOf(spec: unknown, claims: readonly string[]): SourceContent<KeptSpec> {
  const bounded = boundedText(spec, maxSpecCharacters)
  if ('sentence' in bounded)
    return { kind: 'refused', claims, sentence: `spec: ${bounded.sentence}`, path: ['spec'] }
  const { text } = bounded
  const interval = valueAt(spec, 'refreshInterval')
  return {
    kind: 'kept',
    text,
    claims,
    bytes: bytesToKeep(text),
    ...(typeof interval === 'string' && { refreshInterval: shortText(interval, maxWordLength) }),
  }
}

function statusOf({ status, metadata }: JsonObject): SeenStatus {
  const { conditions, refreshTime, syncedResourceVersion, binding } = objectAt(status)
  const bound = valueAt(binding, 'name')
  const ready = Array.isArray(conditions)
    ? conditions.find((condition) => isObject(condition) && condition['type'] === 'Ready')
    : undefined
  const writers = statusWriters(valueAt(metadata, 'managedFields'))
  const otherWrites = otherWritesIn(writers)
  return {
    ...(isObject(ready) && {
      ready: {
        status: textIn(ready, 'status', maxWordLength),
        reason: textIn(ready, 'reason', maxWordLength),
        message: textIn(ready, 'message', maxTextLength),
        lastTransitionTime: textIn(ready, 'lastTransitionTime', maxWordLength),
      },
    }),
    ...(typeof refreshTime === 'string' && { refreshTime: shortText(refreshTime, maxWordLength) }),
    ...(typeof syncedResourceVersion === 'string' && {
      syncedResourceVersion: shortText(syncedResourceVersion, 128),
    }),
    ...(typeof bound === 'string' && { binding: { name: shortText(bound, 253) } }),
    ...(writers.some(({ manager }) => manager === fieldManager) && { isOurs: true }),
    ...(otherWrites.length > 0 && { otherWrites }),
  }
}

function textIn(object: JsonObject, name: string, maxLength: number): string {
  const text = object[name]
  return typeof text === 'string' ? shortText(text, maxLength) : ''
}

/** The entries of those who have written the status. */
function statusWriters(
  managedFields: unknown,
): readonly { readonly manager: string; readonly time: unknown }[] {
  return objectsAt(managedFields).flatMap(({ manager, time, fieldsV1 }) =>
    typeof manager === 'string' && isObject(fieldsV1) && 'f:status' in fieldsV1
      ? [{ manager, time }]
      : [],
  )
}

/** More than any status should have. */
const maxOtherWrites = 4

function otherWritesIn(writers: ReturnType<typeof statusWriters>): readonly StatusWrite[] {
  const others = writers.flatMap(({ manager, time }) => {
    const atMs = Date.parse(String(time))
    return manager !== fieldManager && atMs > 0 ? [{ manager, atMs }] : []
  })
  return others
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, maxOtherWrites)
    .map(({ manager, atMs }) => ({ manager: shortText(manager, 128), atMs }))
}

/**
 * The version of an object's spec, labels and annotations, as the External Secrets Operator computes it for
 * `status.syncedResourceVersion`: others compare the two to see whether a change has been synced.
 */
export function objectRevision({ generation, labels, annotations }: JsonObject): string {
  const text = `{annotations:${mapText(annotations)} labels:${mapText(labels)}}`
  return `${generation ?? 0}-${createHash('sha3-224').update(text).digest('hex')}`
}

/** A map of strings as Go prints it. */
function mapText(map: unknown): string {
  const entries = Object.entries(isObject(map) ? map : {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([name, text]) => `${name}:${text}`).join(' ')}]`
}
