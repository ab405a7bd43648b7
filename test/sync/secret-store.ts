import { randomUUID } from 'node:crypto'
import { applyTo, fromFieldsV1, type Secret, updateTo } from './managed-fields.ts'

/** What an API server answers: a status, and an object or a Status. */
export type Answer = readonly [number, object]

export interface SecretStore {
  get(path: string): Secret | undefined
  post(path: string, secret: Secret, manager: string): Answer
  apply(path: string, secret: Secret, options: { manager: string; force: boolean }): Answer
  jsonPatch(path: string, operations: readonly Operation[]): Answer
  delete(path: string, uid: string | undefined): Answer
  /** As somebody with an editor: null takes a key away. */
  edit(path: string, change: Edit, manager?: string): void
  readonly paths: () => readonly string[]
}

export interface Operation {
  readonly op: string
  readonly path: string
  readonly value: unknown
}

export interface Edit {
  readonly data?: Readonly<Record<string, string | null>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly immutable?: boolean
}

/** RFC 6901. */
const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** The Secrets of an API server, with the rules that were seen on a real one (test/cluster has those again). */
export function createSecretStore(): SecretStore {
  const secrets = new Map<string, Secret>()
  let lastVersion = 100

  function put(path: string, secret: Secret): Answer {
    lastVersion += 1
    const metadata = { ...secret.metadata, resourceVersion: String(lastVersion) }
    const stored = { ...secret, metadata }
    secrets.set(path, stored)
    return [200, stored]
  }
  const change = (path: string, before: Secret, after: Secret): Answer => {
    const invalid = validate(after, before)
    if (invalid) return invalid
    return isSame(before, after) ? [200, before] : put(path, after)
  }

  const store: SecretStore = {
    get: (path) => secrets.get(path),
    paths: () => [...secrets.keys()],
    post(path, secret, manager) {
      if (secrets.has(path)) return status(409, 'AlreadyExists')
      const invalid = validate(secret)
      if (invalid) return invalid
      const made = { ...secret, metadata: { ...secret.metadata, uid: randomUUID() } }
      return [201, put(path, updateTo(undefined, made, manager))[1]]
    },
    apply(path, applied, { manager, force }) {
      const before = secrets.get(path)
      const { uid } = applied.metadata
      if (before === undefined) return status(uid === undefined ? 501 : 409, 'Conflict')
      const result = applyTo(before, applied, { manager, force })
      if ('conflicts' in result) return conflict(result.conflicts)
      if (uid !== undefined && uid !== before.metadata.uid)
        return invalid([{ reason: 'FieldValueInvalid', field: 'metadata.uid' }])
      if (applied.type !== before.type)
        return invalid([{ reason: 'FieldValueInvalid', field: 'type' }])
      return change(path, before, result.secret)
    },
    jsonPatch(path, operations) {
      const before = secrets.get(path)
      if (before === undefined) return status(404, 'NotFound')
      const patched = structuredClone(before)
      for (const { op, path: pointer, value } of operations) {
        const parts = pointer.split('/').slice(1).map(unescaped)
        const last = parts.pop() ?? ''
        let place: Record<string, unknown> = patched as unknown as Record<string, unknown>
        for (const part of parts) place = place?.[part] as Record<string, unknown>
        if (op === 'test' ? place?.[last] !== value : place === undefined)
          return status(422, 'Invalid', 'the server rejected our request')
        if (op === 'replace') place[last] = value
        if (op === 'remove') delete place[last]
      }
      return change(path, before, patched)
    },
    delete(path, uid) {
      const before = secrets.get(path)
      if (before === undefined) return status(404, 'NotFound')
      if (uid !== undefined && uid !== before.metadata.uid) return status(409, 'Conflict')
      if (before.metadata.finalizers?.length) {
        const metadata = { ...before.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
        return put(path, { ...before, metadata })
      }
      secrets.delete(path)
      return [200, { kind: 'Status', status: 'Success' }]
    },
    edit(path, { data, labels, annotations, finalizers, immutable }, manager = 'kubectl-edit') {
      const before = secrets.get(path)
      if (before === undefined) throw new Error(`${path} is not there`)
      const merged = Object.entries({ ...before.data, ...encoded(data) })
      const after = {
        ...before,
        ...(immutable !== undefined && { immutable }),
        data: Object.fromEntries(
          merged.filter((entry): entry is [string, string] => entry[1] !== null),
        ),
        metadata: {
          ...before.metadata,
          labels: { ...before.metadata.labels, ...labels },
          annotations: { ...before.metadata.annotations, ...annotations },
          ...(finalizers && { finalizers }),
        },
      }
      put(path, updateTo(before, after, manager))
    },
  }
  return store
}

const encoded = (data: Edit['data'] = {}) =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      value === null ? null : Buffer.from(value).toString('base64'),
    ]),
  )

const isSame = (a: Secret, b: Secret): boolean => canonical(a) === canonical(b)

function canonical(secret: Secret): string {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, entry]) => JSON.stringify(entry) !== '{}' && JSON.stringify(entry) !== '[]')
            .map(([key, entry]) => [key, sorted(entry)] as const)
            .sort(([x], [y]) => (x < y ? -1 : 1)),
        )
      : value
  const entries = (secret.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) =>
    JSON.stringify([manager, operation, ...[...fromFieldsV1(fieldsV1)].sort()]),
  )
  return JSON.stringify(
    sorted({ ...secret, metadata: { ...secret.metadata, managedFields: entries.sort().join() } }),
  )
}

interface Cause {
  readonly reason: string
  readonly field: string
  readonly message?: string
}

function validate(secret: Secret, before?: Secret): Answer | undefined {
  const keys = Object.keys(secret.data ?? {})
  const size = Object.values(secret.data ?? {}).reduce(
    (sum, text) => sum + (text.length * 3) / 4,
    0,
  )
  if (size > 1024 * 1024) return invalid([{ reason: 'FieldValueTooLong', field: 'data' }])
  if (before?.immutable && JSON.stringify(before.data) !== JSON.stringify(secret.data))
    return invalid([{ reason: 'FieldValueForbidden', field: 'data' }])
  const required = secret.type === 'kubernetes.io/tls' ? ['tls.crt', 'tls.key'] : []
  const missing = required.filter((key) => !keys.includes(key))
  if (missing.length > 0)
    return invalid(missing.map((key) => ({ reason: 'FieldValueRequired', field: `data[${key}]` })))
  if (secret.type !== 'kubernetes.io/dockerconfigjson') return undefined
  const text = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  try {
    JSON.parse(text)
    return undefined
  } catch {
    // Its sentences can quote what was sent: nobody may repeat them.
    const message = `Invalid value: "${text}"`
    return invalid([{ reason: 'FieldValueInvalid', field: 'data[.dockerconfigjson]', message }])
  }
}

export const status = (code: number, reason: string, message = reason): Answer => [
  code,
  { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code, reason, message },
]

const invalid = (causes: readonly Cause[]): Answer => [
  422,
  {
    ...status(
      422,
      'Invalid',
      `is invalid: ${causes.map(({ message, field }) => message ?? field)}`,
    )[1],
    details: { causes },
  },
]

const conflict = (conflicts: readonly { manager: string; field: string }[]): Answer => [
  409,
  {
    ...status(409, 'Conflict', 'Apply failed')[1],
    details: {
      causes: conflicts.map(({ manager, field }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${manager}" using v1`,
        field,
      })),
    },
  },
]
