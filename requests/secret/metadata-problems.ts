import { maxKeptProblems, type Problem } from '../../lib/problems/problem.ts'
import type { Policy } from '../administrator/policy.ts'
import type { Labels } from './labels.ts'
import type { RequestedSecret } from './requested-secret.ts'
import { trustedMetadata } from './trusted-metadata.ts'

const { names, labels, annotations } = trustedMetadata

/**
 * Says which names, labels and annotations of requested Secrets other controllers trust. Whoever may only write
 * ExternalSecrets could otherwise hand a Helm release or a cluster of Argo CD to them.
 */
export function metadataProblems(
  secrets: readonly RequestedSecret[],
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
): readonly Problem[] {
  const allowed = policy.allowedMetadata?.get(namespace)
  return secrets
    .flatMap((secret) =>
      trustedIn(secret)
        .filter(({ entry }) => allowed?.has(entry) !== true)
        .map(({ entry, sentence }) => ({
          path: [],
          subject: `Secret ${secret.name}`,
          sentence: `${sentence}, or let an administrator add "${entry}" to sync.namespaces.${namespace}.allowedMetadata of the chart`,
        })),
    )
    .slice(0, maxKeptProblems)
}

interface Trusted {
  /** As in the list, and in the administrator's exceptions. */
  readonly entry: string
  readonly sentence: string
}

const trustedIn = (secret: RequestedSecret): readonly Trusted[] => [
  ...[...names].flatMap(([entry, reader]) =>
    isNamed(secret.name, entry)
      ? [{ entry, sentence: `${reader} trusts Secrets with such a name; choose another name` }]
      : [],
  ),
  ...trustedEntries('label', secret.labels, labels),
  ...trustedEntries('annotation', secret.annotations ?? {}, annotations),
]

const isNamed = (name: string, entry: string): boolean =>
  entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry

const trustedEntries = (kind: string, found: Labels, trusted: ReadonlyMap<string, string>) =>
  Object.entries(found).flatMap(([key, value]): readonly Trusted[] =>
    [key, `${key}=${value}`].flatMap((entry) => {
      const reader = trusted.get(entry)
      return reader === undefined
        ? []
        : [
            {
              entry,
              sentence: `${kind} ${entry}: ${reader} trusts Secrets that have it; remove it`,
            },
          ]
    }),
  )
