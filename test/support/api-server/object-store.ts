import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type ApiAnswer, applyConflict, failure, invalidFields } from './api-answer.ts'
import type { ApiObject, Secret } from './api-object.ts'
import { applyFields, ownedBy, recordUpdate } from './managed-fields.ts'
import { patchObject } from './patch-object.ts'
import { validateSecret } from './validate-secret.ts'

export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly path: string
  readonly object: ApiObject
}

/** The objects of an API server, each by its path: `/api/v1/namespaces/team-a/secrets/db`. */
export interface ObjectStore {
  get(path: string): ApiObject | undefined
  /** The objects of a collection, such as `/api/v1/namespaces/team-a/secrets`, or `/api/v1/secrets` for all namespaces. */
  list(collection: string): readonly ApiObject[]
  all(): readonly ApiObject[]
  /** Of the last change. */
  version(): number
  /** The changes after a version, the oldest first. Undefined if not all of them are known any more. */
  changesAfter(version: number): readonly ObjectChange[] | undefined
  create(path: string, options: { object: ApiObject; manager: string }): ApiAnswer
  apply(path: string, options: { applied: ApiObject; manager: string; force: boolean }): ApiAnswer
  patch(path: string, options: { contentType: string; body: unknown; manager: string }): ApiAnswer
  delete(path: string, uid?: string): ApiAnswer
  /** Stores an object without any check, as a new version even if it is the same. */
  put(path: string, object: ApiObject): ApiObject
}

/** How many changes are remembered. The real one remembers those of some minutes. */
const maxChanges = 1_000
/** Of a store in which nothing has changed. */
const firstVersion = 100

/** @param onChange - called after each change */
export function createObjectStore(onChange: (change: ObjectChange) => void): ObjectStore {
  const objects = new Map<string, ApiObject>()
  const changes: ObjectChange[] = []
  let lastVersion = firstVersion

  function changed(change: ObjectChange): void {
    changes.push(change)
    if (changes.length > maxChanges) changes.shift()
    onChange(change)
  }

  function put(path: string, object: ApiObject): ApiObject {
    lastVersion += 1
    const { uid = randomUUID() } = object.metadata
    const metadata = { ...object.metadata, uid, resourceVersion: String(lastVersion) }
    const type = objects.has(path) ? 'MODIFIED' : 'ADDED'
    const stored = { ...object, metadata }
    objects.set(path, stored)
    changed({ type, path, object: stored })
    return stored
  }

  /** A write that changes nothing leaves the version as it is. */
  function replace(path: string, { before, after }: { before: ApiObject; after: ApiObject }) {
    const refusal = validate(after, before)
    if (refusal) return refusal
    return [200, isSame(before, after) ? before : put(path, after)] as const
  }

  return {
    get: (path) => objects.get(path),
    list: (collection) =>
      [...objects].flatMap(([path, object]) => (isIn(path, collection) ? [object] : [])),
    all: () => [...objects.values()],
    version: () => lastVersion,
    changesAfter(version) {
      // Each change has the next version.
      const count = Math.max(0, lastVersion - Math.max(version, firstVersion))
      return count > changes.length ? undefined : changes.slice(changes.length - count)
    },
    put,
    create(path, { object, manager }) {
      if (objects.has(path)) return failure(409, 'AlreadyExists')
      return (
        validate(object) ?? [201, put(path, recordUpdate(undefined, { after: object, manager }))]
      )
    },
    apply(path, options) {
      const before = objects.get(path)
      const { uid } = options.applied.metadata
      // The real one would create it if the request had no uid, but nobody applies what may be absent.
      if (before === undefined) return failure(uid === undefined ? 501 : 409, 'Conflict')
      const result = applyFields(before, options)
      if ('conflicts' in result) return applyConflict(result.conflicts)
      if (uid !== undefined && uid !== before.metadata.uid)
        return invalidFields([{ reason: 'FieldValueInvalid', field: 'metadata.uid' }])
      return replace(path, { before, after: result.object })
    },
    patch(path, { manager, ...patch }) {
      const before = objects.get(path)
      if (before === undefined) return failure(404, 'NotFound', `${path} not found`)
      const result = patchObject(before, patch)
      if ('refusal' in result) return result.refusal
      const after = recordUpdate(before, { after: result.object, manager })
      return replace(path, { before, after })
    },
    delete(path, uid) {
      const before = objects.get(path)
      if (before === undefined) return failure(404, 'NotFound', `${path} not found`)
      if (uid !== undefined && uid !== before.metadata.uid) return failure(409, 'Conflict')
      if (before.metadata.finalizers?.length) {
        const metadata = { ...before.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
        return [200, put(path, { ...before, metadata })]
      }
      lastVersion += 1
      objects.delete(path)
      const metadata = { ...before.metadata, resourceVersion: String(lastVersion) }
      changed({ type: 'DELETED', path, object: { ...before, metadata } })
      return [200, { kind: 'Status', status: 'Success' }]
    },
  }
}

/** Whether an object is in a collection: that of its namespace, or that of all namespaces. */
export function isIn(path: string, collection: string): boolean {
  const own = path.slice(0, path.lastIndexOf('/'))
  return own === collection || own.replace(/\/namespaces\/[^/]+(?=\/)/, '') === collection
}

const validate = (object: ApiObject, before?: ApiObject): ApiAnswer | undefined =>
  object.kind === 'Secret' ? validateSecret(object as Secret, before as Secret) : undefined

const isSame = (a: ApiObject, b: ApiObject): boolean =>
  isDeepStrictEqual(comparable(a), comparable(b))

/** Without what makes no difference to the API server: empty maps and lists, and the order of managers. */
function comparable({ metadata, ...content }: ApiObject): unknown {
  const managers = (metadata.managedFields ?? []).map((entry) =>
    [entry.manager, entry.operation, ...[...ownedBy(entry)].sort()].join('\n'),
  )
  return withoutEmpty({ ...content, metadata: { ...metadata, managedFields: managers.sort() } })
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, entry]) => [key, withoutEmpty(entry)] as const)
  return Object.fromEntries(
    entries.filter(([, entry]) => !/^(\{\}|\[\])$/.test(JSON.stringify(entry) ?? '')),
  )
}
