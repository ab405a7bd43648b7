import { valueAt } from '../../lib/shape.ts'
import { azureParametersOf } from '../../requests/class/read-class.ts'
import { readSeenClass } from '../../requests/class/seen-class.ts'
import { readSeenExternalSecret } from '../../requests/external-secret/seen-external-secret.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import { classKind, externalSecretKind } from '../cluster/sync/list-sources.ts'
import type { SyncedAccount } from '../cluster/sync/synced-account.ts'
import type { Unasked } from './holding.ts'
import type { ObjectQuery } from './object-query.ts'

/** For each kind that can request Secrets: how to find the objects whose Secrets no account's status names. */
export function unnamedSources(accounts: readonly SyncedAccount[], { vault }: ObjectQuery) {
  const named = new Set(
    accounts.flatMap(({ namespace, status }) =>
      (status?.secrets ?? []).map(({ name }) => `${namespace}/${name}`),
    ),
  )
  const unlessNamed = (
    kind: string,
    { namespace, name, content }: SeenSource,
    why: string,
  ): Unasked | undefined => {
    const claims = content.kind === 'nothing' ? [] : content.claims
    const lines = [`${kind}/${name}`, ...claims]
    if (lines.some((line) => named.has(`${namespace}/${line}`))) return undefined
    return { namespace, workload: `${kind}/${name}`, holder: name, why }
  }

  /** For an ExternalSecret, if our controller syncs it. */
  function externalSecret(object: unknown): Unasked | undefined {
    const [seen] = readSeenExternalSecret(object)
    return seen?.status.isOurs === true
      ? unlessNamed('ExternalSecret', seen, 'no account’s status names its Secret')
      : undefined
  }

  /** For a SecretProviderClass, if it requests Secrets from the vault, or from one that isn't known. */
  function secretProviderClass(object: unknown): Unasked | undefined {
    const [seen] = readSeenClass(object)
    if (seen === undefined || seen.content.kind === 'nothing') return undefined
    const ofClass = valueAt(azureParametersOf(object), 'keyvaultName')
    if (typeof ofClass === 'string' && ofClass.trim().toLowerCase() !== vault) return undefined
    const why = 'no account’s status names its Secrets; the CSI driver may make them'
    return unlessNamed('SecretProviderClass', seen, why)
  }

  return [
    { kind: externalSecretKind, read: externalSecret },
    { kind: classKind, read: secretProviderClass },
  ]
}
