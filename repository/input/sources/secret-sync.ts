import { allInvalid, type Checked, valid } from '../../../lib/problems/parsed.ts'
import { maxKeptProblems, type Problem } from '../../../lib/problems/problem.ts'
import {
  allOf,
  eachOf,
  type Field,
  ignored,
  parsed,
  required,
  text,
  unread,
} from '../../../lib/problems/read.ts'
import { type JsonObject, scalarText, withoutAbsent } from '../../../lib/shape.ts'
import { maxEntries } from '../../../requests/account/secret-keys.ts'
import { parseSubdomain } from '../../../requests/external-secret/read-store.ts'
import type { NamedObject } from '../objects/find-objects.ts'

/** The API group of the Secrets Store Sync Controller. */
export const secretSyncGroup = 'secret-sync.x-k8s.io/'

/** Whether an object is a SecretSync, which requests one Secret with objects of a class. */
export const isSecretSync = ({ kind, object }: Pick<NamedObject, 'kind' | 'object'>): boolean =>
  kind === 'SecretSync' && scalarText(object['apiVersion']).startsWith(secretSyncGroup)

interface ReadSecretSync {
  readonly className: string
  /** The ServiceAccount that it is read as. */
  readonly account: string
  /** What it requests, as an item of a class's `secretObjects`. */
  readonly secretObject: JsonObject
}

const spec = allOf({
  // The controller that reads it, and a value that makes it sync at once.
  secretSyncControllerName: ignored,
  forceSynchronization: ignored,
  secretProviderClassName: required(parsed(parseSubdomain)),
  serviceAccountName: required(parsed(parseSubdomain)),
  secretObject: required(
    allOf({
      type: unread,
      labels: unread,
      annotations: unread,
      data: required(
        eachOf(allOf({ sourcePath: required(text), targetKey: required(text) }), maxEntries),
      ),
    }),
  ),
})

/** Reads a SecretSync. The readers of a class check the metadata and the keys of its Secret. */
export function readSecretSync({ name, object }: NamedObject): Checked<ReadSecretSync, Problem> {
  const at: Field = { path: ['spec'], problems: [] }
  const found = spec(object['spec'], at)
  if (found === undefined) return allInvalid(at.problems.slice(0, maxKeptProblems))
  const { secretProviderClassName: className, serviceAccountName: account, secretObject } = found
  const { type, labels, annotations, data } = secretObject
  return valid({
    className,
    account,
    secretObject: {
      secretName: name,
      ...withoutAbsent({ type, labels, annotations }),
      data: data.map(({ sourcePath, targetKey }) => ({ objectName: sourcePath, key: targetKey })),
    },
  })
}
