import {
  type Bundles,
  type CertsCluster,
  type ClusterState,
  ConflictError,
  type Stored,
} from '../../../certs/reconcile.ts'

export type Texts = Readonly<Record<string, string>>

/** The three objects in memory. What is undefined isn't there. */
export interface MemoryCluster extends CertsCluster {
  authority: Texts | undefined
  leaf: Texts | undefined
  bundles: Bundles | undefined
  /** Each is taken by one call, and decides what becomes of it. */
  readonly troubles: ('conflict' | 'failure')[]
}

/** The entries of the webhook configuration if the webhook serves the volumes of labelled namespaces. */
export const twoEntries = ['pods.akv-injector.io', 'csi-pods.akv-injector.io'] as const

/** As an install leaves them: two Secrets without data, a configuration without `caBundle` in any entry. */
export function memoryCluster(now: () => number): MemoryCluster {
  const stored = <T>(content: T | undefined): Stored<T> | undefined =>
    content === undefined ? undefined : { content, resourceVersion: JSON.stringify(content) }

  /** The text of the content stands in for its version: it changes whenever the content does. */
  function write<T>(before: T | undefined, { resourceVersion }: Stored<unknown>): void {
    const trouble = cluster.troubles.pop()
    if (trouble === 'failure') throw new Error('the API server answered 500')
    if (trouble === 'conflict' || JSON.stringify(before) !== resourceVersion)
      throw new ConflictError()
  }

  const cluster: MemoryCluster = {
    authority: {},
    leaf: {},
    bundles: Object.fromEntries(twoEntries.map((name) => [name, ''])),
    troubles: [],
    async read(): Promise<ClusterState> {
      if (cluster.troubles.at(-1) === 'failure') {
        cluster.troubles.pop()
        throw new Error('the API server answered 500')
      }
      return {
        now: new Date(now()),
        authority: stored(cluster.authority),
        leaf: stored(cluster.leaf),
        bundles: stored(cluster.bundles),
      }
    },
    async writeAuthority(secret) {
      write(cluster.authority, secret)
      cluster.authority = secret.content
    },
    async writeLeaf(secret) {
      write(cluster.leaf, secret)
      cluster.leaf = secret.content
    },
    async publish(bundles) {
      write(cluster.bundles, bundles)
      cluster.bundles = { ...cluster.bundles, ...bundles.content }
    },
  }
  return cluster
}
