import { type ApiAnswer, failure } from './api-answer.ts'
import type { ApiObject } from './api-object.ts'
import type { ObjectStore } from './object-store.ts'

const groupVersion = '/apis/secrets-store.csi.x-k8s.io/v1'

/** The SecretProviderClasses of an API server, and their CRD. */
export interface Classes {
  put(
    namespace: string,
    name: string,
    spec: unknown,
    metadata?: {
      readonly annotations?: Readonly<Record<string, string>>
      readonly creationTimestamp?: string
    },
  ): ApiObject
  delete(namespace: string, name: string): void
  /** Deletes the CRD with all classes, or installs it. */
  setKind(kind: 'served' | 'deleted'): void
  /** Answers a request that isn't for an object that exists. */
  answer(path: string): ApiAnswer | undefined
}

export function createClasses(objects: ObjectStore): Classes {
  let isServed = true
  const pathOf = (namespace: string, name: string) =>
    `${groupVersion}/namespaces/${namespace}/secretproviderclasses/${name}`
  return {
    put(namespace, name, spec, more = {}) {
      const path = pathOf(namespace, name)
      const creationTimestamp = '2026-01-01T00:00:00Z'
      const metadata = {
        creationTimestamp,
        ...objects.get(path)?.metadata,
        namespace,
        name,
        ...more,
      }
      const [apiVersion, kind] = ['secrets-store.csi.x-k8s.io/v1', 'SecretProviderClass']
      return objects.put(path, { apiVersion, kind, metadata, spec })
    },
    delete: (namespace, name) => void objects.delete(pathOf(namespace, name)),
    setKind(kind) {
      isServed = kind === 'served'
      if (isServed) return
      for (const { kind, metadata } of objects.all())
        if (kind === 'SecretProviderClass')
          objects.delete(pathOf(metadata.namespace ?? '', metadata.name))
    },
    answer(path) {
      if (!path.startsWith(groupVersion)) return undefined
      if (!isServed) return failure(404, 'NotFound')
      const verbs = ['create', 'delete', 'get', 'list', 'watch']
      const resources = [{ name: 'secretproviderclasses', kind: 'SecretProviderClass', verbs }]
      return path === groupVersion ? [200, { kind: 'APIResourceList', resources }] : undefined
    },
  }
}
