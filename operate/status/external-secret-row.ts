import { readSeenExternalSecret } from '../../requests/external-secret/seen-external-secret.ts'
import { failureOf, type StatusRow } from './status-row.ts'

/**
 * Makes the row of an ExternalSecret, if our controller writes its status. The vault isn't known, because the store
 * names it.
 */
export function externalSecretRow(object: unknown): StatusRow | undefined {
  const [seen] = readSeenExternalSecret(object)
  const { ready, isOurs } = seen?.status ?? {}
  if (seen === undefined || ready === undefined || isOurs !== true) return undefined
  const { namespace, name } = seen
  const row = {
    kind: 'ExternalSecret',
    namespace,
    name,
    vaults: [],
    objects: 0,
    olderVariables: [],
    failures: [],
  } as const
  if (ready.status === 'True') return { ...row, state: 'fresh' }
  const [code = ready.reason] = /^AKV_[A-Z_]+/.exec(ready.message) ?? []
  const sinceMs = Date.parse(ready.lastTransitionTime)
  return {
    ...row,
    state: 'stale',
    code,
    why: ready.message,
    ...(!Number.isNaN(sinceMs) && { sinceMs }),
    failures: failureOf(code, []),
  }
}
