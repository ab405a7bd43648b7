import { readSeenClass } from '../../../requests/class/seen-class.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
  type SeenWithStatus,
} from '../../../requests/external-secret/seen-external-secret.ts'
import { fieldManager } from '../../../requests/secret/names.ts'
import type { KindRequests, SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import { readSeenAccount } from '../../../sync/cluster/seen-account.ts'
import { readStoredSecret, type StoredSecret } from '../../../sync/plan/stored-secret.ts'
import type { ApiAnswer } from '../../support/api-server/api-answer.ts'
import type { ApiObject } from '../../support/api-server/api-object.ts'
import { createObjectStore } from '../../support/api-server/object-store.ts'
import { rulesFor } from '../../support/api-server/rights.ts'
import { createSecrets, type Secrets } from '../../support/api-server/secrets.ts'

export interface MemoryCluster {
  readonly cluster: SyncCluster
  /** Its Secrets, for those who change them by hand. */
  readonly secrets: Secrets
  /** The number of statuses that have been written. */
  readonly statuses: () => number
  /** The number of statuses of ExternalSecrets and stores that say that they are ready. */
  readonly readies: () => number
}

/** The objects that the cluster has from the start. */
export interface MemoryObjects {
  readonly accounts: readonly ApiObject[]
  readonly classes?: readonly ApiObject[]
  readonly externalSecrets?: readonly ApiObject[]
  readonly stores?: readonly ApiObject[]
}

/** A cluster in memory, without HTTP. What it has at the start doesn't change but by sync. */
export function memoryCluster({
  accounts,
  classes = [],
  externalSecrets = [],
  stores = [],
}: MemoryObjects): MemoryCluster {
  const objects = createObjectStore(() => undefined)
  const secretPath = ({ namespace, name }: { namespace: string; name: string }) =>
    `/api/v1/namespaces/${namespace}/secrets/${name}`
  let statuses = 0
  let readies = 0
  const within = (all: readonly ApiObject[], namespace: string) =>
    namespace === '' ? all : all.filter((object) => object.metadata.namespace === namespace)
  const byNamespace = Map.groupBy(accounts, ({ metadata }) => metadata.namespace ?? '')
  const watch = ({ signal, resourceVersion }: { signal: AbortSignal; resourceVersion: string }) =>
    new Promise<string>((resolve) =>
      signal.addEventListener('abort', () => resolve(resourceVersion)),
    )
  const requestsOf = <T>(
    all: readonly ApiObject[],
    read: (object: unknown) => readonly T[],
  ): KindRequests<T> => ({
    list: async (namespace, reduce = (object) => object) => ({
      objects: within(all, namespace).flatMap(read).map(reduce),
      resourceVersion: '1',
    }),
    watch,
  })
  const byUid = new Map(externalSecrets.map((object) => [object.metadata.uid, object]))
  let onExternalSecret: ((object: SeenWithStatus) => void) | undefined
  const cluster: SyncCluster = {
    serverTimeMs: Date.now,
    ping: async () => undefined,
    namespaces: {
      list: async () => ({
        objects: [...byNamespace.keys()].map((name) => ({
          name,
          uid: `uid-${name}`,
          resourceVersion: '1',
          isTerminating: false,
        })),
        resourceVersion: '1',
      }),
      watch,
    },
    // All accounts are enabled.
    reviewRules: async (namespace) => ({
      rules: rulesFor((byNamespace.get(namespace) ?? []).map(({ metadata }) => metadata.name)).map(
        ({ resourceNames = [], ...rule }) => ({ ...rule, resourceNames }),
      ),
      isIncomplete: false,
    }),
    reviewAccess: async () => false,
    accounts: requestsOf(accounts, readSeenAccount),
    objectsOf: {
      SecretProviderClass: requestsOf(classes, readSeenClass),
      ExternalSecret: {
        ...requestsOf(externalSecrets, readSeenExternalSecret),
        watch(options) {
          onExternalSecret = options.onObject
          return watch(options)
        },
      },
      SecretStore: requestsOf(stores, readSeenStore),
      ClusterSecretStore: requestsOf([], readSeenStore),
    },
    async writeReadyStatus({ kind, uid }, status) {
      readies += status?.conditions[0].status === 'True' ? 1 : 0
      const before = kind === 'ExternalSecret' ? byUid.get(uid) : undefined
      if (before === undefined) return
      // The watch sees the controller's own writes.
      const metadata = { ...before.metadata, resourceVersion: '2' }
      for (const seen of readSeenExternalSecret({ ...before, metadata, status }))
        onExternalSecret?.(seen)
    },
    servesKind: async () => true,
    requestToken: async () => 'token',
    readSecret: async (secret) => {
      const found = objects.get(secretPath(secret))
      return found && stored([200, found])
    },
    createSecret: async (secret) =>
      stored(
        objects.create(secretPath(secret.metadata), {
          object: secret as unknown as ApiObject,
          manager: fieldManager,
        }),
      ),
    claimSecret: async (secret, patch) =>
      stored(
        objects.patch(secretPath(secret), {
          contentType: 'application/json-patch+json',
          body: patch,
          manager: fieldManager,
        }),
      ),
    applySecret: async (secret, { force }) =>
      stored(
        objects.apply(secretPath(secret.metadata), {
          applied: secret as unknown as ApiObject,
          manager: fieldManager,
          force,
        }),
      ),
    deleteSecret: async (secret, uid) => void objects.delete(secretPath(secret), uid),
    createEvent: async () => undefined,
    writeStatus: async () => {
      statuses += 1
    },
  }
  const secrets = createSecrets(objects)
  return { cluster, secrets, statuses: () => statuses, readies: () => readies }
}

function stored([status, object]: ApiAnswer): StoredSecret {
  const read = readStoredSecret(object)
  if (status > 299 || read.kind === 'invalid') throw new Error(JSON.stringify(object))
  return read.value
}
