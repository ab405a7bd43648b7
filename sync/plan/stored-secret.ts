import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import {
  type Accepted,
  anything,
  type JsonObject,
  listOf,
  mapOf,
  matches,
  nullable,
  object,
  objectAt,
  string,
} from '../../lib/shape.ts'
import { fieldManager } from '../../requests/secret/names.ts'

/** A Secret as stored in the API server. */
export interface StoredSecret {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly type: string
  readonly isImmutable: boolean
  /** The Secret has a deletion timestamp: it will be gone once its finalizers are removed. */
  readonly isBeingDeleted: boolean
  readonly labels: ReadonlyMap<string, string>
  readonly annotations: ReadonlyMap<string, string>
  /** `metadata.ownerReferences`. */
  readonly owners: readonly Accepted<typeof owner>[]
  readonly data: ReadonlyMap<string, Uint8Array>
  /** The fields that our field manager owns by apply. */
  readonly applied: OwnedFields
  /** The fields that each other entry of `metadata.managedFields` owns, by the entry's index. */
  readonly others: ReadonlyMap<number, OwnedFields>
  /**
   * The index in `metadata.managedFields` of our creation's entry while that is still an Update: the Secret has been
   * created but not yet claimed.
   */
  readonly unclaimedEntry?: number
}

export interface OwnedFields {
  readonly data: ReadonlySet<string>
  readonly labels: ReadonlySet<string>
  readonly annotations: ReadonlySet<string>
}

/** Reads the API server's JSON of a Secret, including its managedFields. */
export function readStoredSecret(object: unknown): Parsed<StoredSecret> {
  if (!matches(secretJson, object))
    return invalid(
      `the API server's answer isn't a valid Secret (${printable(secretJson(object)?.slice(1) ?? '') || 'not an object'})`,
    )
  const { metadata, type, immutable, data } = object
  const entries = metadata.managedFields ?? []
  const ours = entries.filter(isOurs)
  const applied = ours.find(({ operation }) => operation === 'Apply')
  const unclaimedEntry = entries.findIndex((entry) => isOurs(entry) && entry.operation === 'Update')
  return valid({
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    type,
    isImmutable: immutable === true,
    isBeingDeleted: metadata.deletionTimestamp != null,
    labels: new Map(Object.entries(metadata.labels ?? {})),
    annotations: new Map(Object.entries(metadata.annotations ?? {})),
    owners: metadata.ownerReferences ?? [],
    data: new Map(
      Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    ),
    applied: ownedFields(applied?.fieldsV1),
    others: new Map(
      [...entries.entries()].flatMap(([index, entry]) =>
        entry === applied ? [] : [[index, ownedFields(entry.fieldsV1)]],
      ),
    ),
    // A manager has at most one Apply entry. If ours exists, an Update entry of ours can't become another.
    ...(applied === undefined && unclaimedEntry >= 0 && { unclaimedEntry }),
  })
}

/** `fieldsV1` is a tree of `f:NAME`: `{"f:data":{"f:password":{}},"f:metadata":{"f:labels":{"f:app":{}}}}`. */
function ownedFields(fieldsV1: unknown): OwnedFields {
  return {
    data: fieldNames(objectAt(fieldsV1, 'f:data')),
    labels: fieldNames(objectAt(fieldsV1, 'f:metadata', 'f:labels')),
    annotations: fieldNames(objectAt(fieldsV1, 'f:metadata', 'f:annotations')),
  }
}

/** Skips `.`, which stands for the map itself. */
function fieldNames(tree: JsonObject): ReadonlySet<string> {
  const names = Object.keys(tree)
  return new Set(names.filter((name) => name.startsWith('f:')).map((name) => name.slice(2)))
}

/** Entries for subresources don't count: a Secret has none. */
const isOurs = ({ manager, subresource }: Accepted<typeof managedFieldsEntry>): boolean =>
  manager === fieldManager && !subresource

const texts = nullable(mapOf(string()))
const owner = object({ apiVersion: string(), kind: string(), name: string(), uid: string() })
const managedFieldsEntry = object({
  manager: nullable(string()),
  operation: nullable(string()),
  subresource: nullable(string()),
  fieldsV1: anything,
})
const secretJson = object({
  metadata: object({
    name: string(),
    uid: string(),
    resourceVersion: string(),
    deletionTimestamp: anything,
    labels: texts,
    annotations: texts,
    ownerReferences: nullable(listOf(owner)),
    managedFields: nullable(listOf(managedFieldsEntry)),
  }),
  type: string(),
  immutable: anything,
  data: texts,
})
