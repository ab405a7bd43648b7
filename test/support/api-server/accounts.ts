import type { ApiObject } from './api-object.ts'
import type { ObjectStore } from './object-store.ts'

type Annotations = Readonly<Record<string, string>>

/** The service accounts of an API server. */
export interface ServiceAccounts {
  /** Creates an account, or replaces its annotations. Watches see it even if nothing changed. */
  put(namespace: string, name: string, annotations: Annotations): ApiObject
  delete(namespace: string, name: string): void
  annotationsOf(namespace: string, name: string): Annotations | undefined
}

export function createAccounts(objects: ObjectStore): ServiceAccounts {
  const pathOf = (namespace: string, name: string) =>
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
  return {
    put(namespace, name, annotations) {
      const path = pathOf(namespace, name)
      const metadata = { ...objects.get(path)?.metadata, namespace, name, annotations }
      return objects.put(path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
    },
    delete: (namespace, name) => void objects.delete(pathOf(namespace, name)),
    annotationsOf: (namespace, name) => objects.get(pathOf(namespace, name))?.metadata.annotations,
  }
}
