import { fieldManager } from '../../../requests/secret/names.ts'
import type { ReadyStatus } from '../../../sync/status/ready-status.ts'
import type { ApiRequest } from './answer-request.ts'
import { type ApiAnswer, failure } from './api-answer.ts'
import type { ApiObject } from './api-object.ts'
import type { ObjectStore } from './object-store.ts'

const groupVersion = '/apis/external-secrets.io/v1'
const plurals = {
  ExternalSecret: 'externalsecrets',
  SecretStore: 'secretstores',
  ClusterSecretStore: 'clustersecretstores',
} as const
type Kind = keyof typeof plurals

/** The objects of the External Secrets Operator in an API server, and their CRDs. */
export interface ExternalSecrets {
  /** @param namespace - empty for a ClusterSecretStore */
  put(
    kind: Kind,
    place: { readonly namespace?: string; readonly name: string },
    spec: unknown,
    more?: {
      readonly labels?: Readonly<Record<string, string>>
      readonly annotations?: Readonly<Record<string, string>>
      readonly creationTimestamp?: string
      readonly managedFields?: readonly unknown[]
      /** Absent: as it was. */
      readonly status?: object
    },
  ): ApiObject
  delete(kind: Kind, name: string): void
  /** The status of an object in `team-a`. */
  status(kind: Kind, name: string): ReadyStatus | undefined
  /** Deletes the CRDs with all objects, or installs them. */
  setKinds(kinds: 'served' | 'deleted'): void
  answer(request: ApiRequest): ApiAnswer | undefined
}

const namespaceOfTests = 'team-a'

export function createExternalSecrets(objects: ObjectStore): ExternalSecrets {
  let areServed = true
  const pathOf = (kind: Kind, { namespace = namespaceOfTests, name }: Place) =>
    kind === 'ClusterSecretStore'
      ? `${groupVersion}/${plurals[kind]}/${name}`
      : `${groupVersion}/namespaces/${namespace}/${plurals[kind]}/${name}`
  return {
    put(kind, place, spec, { status, ...more } = {}) {
      const path = pathOf(kind, place)
      const before = objects.get(path)
      const { namespace = namespaceOfTests, name } = place
      const metadata = {
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...before?.metadata,
        // The annotations come before the name, as the API server sorts the fields of custom resources.
        ...more,
        ...(kind !== 'ClusterSecretStore' && { namespace }),
        name,
      }
      const kept = { ...before, ...(status && { status }) }
      const object = { ...kept, apiVersion: 'external-secrets.io/v1', kind, metadata, spec }
      return objects.put(path, object as ApiObject)
    },
    delete: (kind, name) => void objects.delete(pathOf(kind, { name })),
    status: (kind, name) =>
      (objects.get(pathOf(kind, { name })) as { status?: ReadyStatus } | undefined)?.status,
    setKinds(kinds) {
      areServed = kinds === 'served'
      if (areServed) return
      for (const { kind, metadata } of objects.all())
        if (kind in plurals) objects.delete(pathOf(kind as Kind, metadata))
    },
    answer({ method, path, body }) {
      if (!path.startsWith(groupVersion)) return undefined
      if (!areServed) return failure(404, 'NotFound')
      if (path === groupVersion) return [200, { kind: 'APIResourceList', resources }]
      return method === 'PATCH' && path.endsWith('/status') ? writeStatus(path, body) : undefined
    },
  }

  function writeStatus(path: string, body: unknown): ApiAnswer {
    const place = path.slice(0, -'/status'.length)
    const before = objects.get(place)
    const { metadata, status } = body as ApiObject & { status: unknown }
    if (before === undefined) return failure(404, 'NotFound')
    if (metadata.uid !== before.metadata.uid) return failure(409, 'Conflict')
    // As with server-side apply, our entry goes with our last field.
    const others = (before.metadata.managedFields ?? []).filter(
      ({ manager }) => manager !== fieldManager,
    )
    const ours = {
      manager: fieldManager,
      operation: 'Apply',
      fieldsV1: { 'f:status': {} },
    } as const
    const managedFields = status === undefined ? others : [...others, ours]
    const after = { ...before, metadata: { ...before.metadata, managedFields }, status }
    return [200, objects.put(place, after)]
  }
}

interface Place {
  readonly namespace?: string | undefined
  readonly name: string
}

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'watch']
const resources = Object.entries(plurals).map(([kind, name]) => ({ name, kind, verbs }))
