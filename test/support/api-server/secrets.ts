import type { ApiAnswer } from './api-answer.ts'
import type { Secret } from './api-object.ts'
import type { ObjectStore } from './object-store.ts'

/** The Secrets of an API server, each by its namespace and name: `team-a/db`. They change as if somebody used kubectl. */
export interface Secrets {
  get(name: string): Secret | undefined
  names(): readonly string[]
  create(name: string, secret?: Partial<Secret>, manager?: string): ApiAnswer
  /** Makes the first manager's fields applied ones, as the controller does after it has created a Secret. */
  claim(name: string): ApiAnswer
  edit(name: string, change: SecretEdit, manager?: string): void
  delete(name: string): ApiAnswer
}

export interface SecretEdit {
  /** Plain values. Null deletes a key. */
  readonly data?: Readonly<Record<string, string | null>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
}

export function createSecrets(objects: ObjectStore): Secrets {
  const pathOf = (name: string) => `/api/v1/namespaces/${name.replace('/', '/secrets/')}`
  const get = (name: string) => objects.get(pathOf(name)) as Secret | undefined
  return {
    get,
    names: () =>
      objects
        .all()
        .filter(({ kind }) => kind === 'Secret')
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    create(path, secret = {}, manager = 'kubectl-create') {
      const [namespace = '', name = ''] = path.split('/')
      const object = {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'Opaque',
        ...secret,
        metadata: { ...secret.metadata, namespace, name },
      }
      return objects.create(pathOf(path), { object, manager })
    },
    edit(name, { data = {}, ...metadata }, manager = 'kubectl-edit') {
      const encoded = Object.entries(data).map(([key, value]) => [
        key,
        value && Buffer.from(value).toString('base64'),
      ])
      const [code] = objects.patch(pathOf(name), {
        contentType: 'application/merge-patch+json',
        body: { data: Object.fromEntries(encoded), metadata },
        manager,
      })
      if (code !== 200) throw new Error(`editing ${name}: ${code}`)
    },
    claim: (name) =>
      objects.patch(pathOf(name), {
        contentType: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/metadata/managedFields/0/operation', value: 'Apply' }],
        manager: 'kubectl',
      }),
    delete: (name) => objects.delete(pathOf(name)),
  }
}
