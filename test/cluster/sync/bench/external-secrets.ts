import type { KubeObject } from '../../client/api.ts'
import {
  accountName,
  clientIdOf,
  type Fleet,
  placedSecrets,
  range,
  tenantId,
  vaults,
} from './fleet.ts'

/** The Secrets of a fleet, requested by ExternalSecrets instead of annotations. Every second one has a template. */
export interface ExternalFleet extends Fleet {
  /** Of an emulated vault, with `{vault}`. */
  readonly vaultUrl: string
}

/** The accounts, stores and ExternalSecrets of one namespace. */
export function externalObjects(
  fleet: ExternalFleet,
  { namespace, refresh }: { readonly namespace: string; readonly refresh: string },
): readonly KubeObject[] {
  const { namespaces, accountsEach, vaultUrl } = fleet
  const indexes = range(accountsEach)
  const accounts = indexes.map((index) => {
    const annotations = {
      'azure.workload.identity/client-id': clientIdOf(namespaces.indexOf(namespace), index),
      'azure.workload.identity/tenant-id': tenantId,
    }
    const metadata = { namespace, name: accountName(index), annotations }
    return { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
  })
  const stores = indexes.flatMap((index) =>
    vaults.map((vault) => {
      const serviceAccountRef = { name: accountName(index) }
      const azurekv = {
        vaultUrl: vaultUrl.replace('{vault}', vault),
        authType: 'WorkloadIdentity',
        serviceAccountRef,
      }
      return object('SecretStore', {
        metadata: { namespace, name: storeName(accountName(index), vault) },
        spec: { provider: { azurekv } },
      })
    }),
  )
  const own = placedSecrets(fleet).filter((placed) => placed.namespace === namespace)
  const secrets = own.map(({ account, secret, vault, object: first }, index) => {
    const data = range(fleet.objectsEach).map((o) => ({
      secretKey: `key-${o}`,
      remoteRef: { key: `${first.slice(0, -1)}${o}` },
    }))
    const template = { mergePolicy: 'Merge', data: { line: 'first={{ index . "key-0" | trim }}' } }
    return object('ExternalSecret', {
      metadata: { namespace, name: secret },
      spec: {
        refreshInterval: refresh,
        secretStoreRef: { name: storeName(account, vault) },
        ...(index % 2 === 1 && { target: { template } }),
        data,
      },
    })
  })
  return [...accounts, ...stores, ...secrets]
}

const storeName = (account: string, vault: string) => `${account}-${vault}`

const object = (
  kind: string,
  fields: { readonly metadata: KubeObject['metadata']; readonly spec: object },
): KubeObject => ({ apiVersion: 'external-secrets.io/v1', kind, ...fields })
