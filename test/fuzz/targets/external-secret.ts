import { isObject } from '../../../lib/shape.ts'
import {
  externalSecretSource,
  storeContent,
} from '../../../requests/external-secret/external-secret-source.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
} from '../../../requests/external-secret/seen-external-secret.ts'
import { policy } from '../../webhook/core/policy.ts'
import { readJson } from '../harness/read-json.ts'

const metadata = (name: string) => ({ namespace: 'shop', name, uid: name, resourceVersion: '1' })

/** An ExternalSecret and its store: `{"spec": …, "store": …}`. */
export function fuzz(data: Buffer): void {
  const input = readJson(data)
  if (!isObject(input)) return
  const { spec, store } = input
  const [seen] = readSeenExternalSecret({ metadata: metadata('db'), spec })
  const [found] = readSeenStore({ metadata: metadata('kv'), spec: store })
  const content =
    found && storeContent(found, { kind: 'SecretStore', namespace: found.namespace, policy })
  const source =
    seen && externalSecretSource(seen, { policy, findStore: () => content && { content } })
  if (source !== undefined && source.problems.length > 25) throw new Error('too many problems')
}
