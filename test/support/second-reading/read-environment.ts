import { parseAllDocuments } from 'yaml'
import { type ReadPod, readPods } from './read-pods.ts'
import { type ReadSecret, readSecrets } from './read-secrets.ts'
import { at, items, text } from './values.ts'

/** What the pods of an environment get, and which Secrets it has. */
export interface ReadEnvironment {
  readonly pods: readonly ReadPod[]
  readonly secrets: readonly ReadSecret[]
}

/** Reads manifests that are applied together. Files that aren't valid YAML count for nothing. */
export function readEnvironment(texts: readonly string[]): ReadEnvironment {
  const objects = texts.flatMap(objectsIn)
  const find = (kind: string, namespace: string, name: string): unknown =>
    objects.find(
      (object) =>
        at(object, 'kind') === kind &&
        text(at(object, 'metadata', 'namespace')) === namespace &&
        at(object, 'metadata', 'name') === name,
    )
  return {
    pods: readPods(objects, find).toSorted((a, b) => (a.owner < b.owner ? -1 : 1)),
    secrets: readSecrets(objects, find).toSorted(
      (a, b) => a.secret.localeCompare(b.secret) || a.refreshSeconds - b.refreshSeconds,
    ),
  }
}

function objectsIn(file: string): readonly unknown[] {
  const documents = [...parseAllDocuments(file)]
  if (documents.some(({ errors }) => errors.length > 0)) return []
  return documents.flatMap((document) => {
    const value: unknown = document.toJS()
    return at(value, 'kind') === 'List' ? items(at(value, 'items')) : [value]
  })
}
