import type { JsonObject } from '../../../lib/shape.ts'
import { objectAt, objectsAt } from '../../../lib/shape.ts'
import { readSecretList } from '../../../requests/account/secret-list.ts'
import { readSyncStatus } from '../../../requests/account/sync-status.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import {
  isTurnedOff,
  readOwnAnnotations,
  syncKey,
  syncStatusKey,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { readSeenExternalSecret } from '../../../requests/external-secret/seen-external-secret.ts'
import { createNotices } from '../../cluster/notices.ts'
import type { Cluster } from '../../cluster/open-cluster.ts'
import { accountKind, externalSecretKind, listIfAllowed } from '../../cluster/sync/list-sources.ts'
import { nameOf, textAt } from '../model/objects.ts'
import type { SecretMakers } from '../model/workload-facts.ts'
import { readMissing } from '../verdict/facts/others-sentences.ts'

type Maker = SecretMakers['found'][number]

/** Whether a pod waits for a Secret that doesn't exist, by what the kubelet says. */
export const lacksSecret = (
  pod: JsonObject | undefined,
  events: readonly JsonObject[] = [],
): boolean =>
  [
    ...['initContainerStatuses', 'containerStatuses']
      .flatMap((list) => objectsAt(pod, 'status', list))
      .map((status) => textAt(status, 'state', 'waiting', 'message')),
    ...events.map((event) => textAt(event, 'message')),
  ].some((sentence) => readMissing(sentence)?.kind === 'Secret')

/** Reads who asks Secret sync for Secrets of a namespace. */
export async function readSecretMakers(cluster: Cluster, namespace: string): Promise<SecretMakers> {
  const silently = { ...cluster, namespace, notices: createNotices() }
  const read = (object: unknown) => object
  const [accounts, externalSecrets] = await Promise.all([
    listIfAllowed(silently, accountKind, { read }),
    listIfAllowed(silently, externalSecretKind, { read }),
  ])
  return {
    found: [
      ...(accounts ?? []).flatMap(makersOfAccount),
      ...(externalSecrets ?? []).flatMap(makersOfExternalSecret),
    ],
    unread: [
      ...(accounts === undefined ? [accountKind.resource] : []),
      ...(externalSecrets === undefined ? [externalSecretKind.resource] : []),
    ],
  }
}

function makersOfAccount(account: unknown): readonly Maker[] {
  const { own } = readOwnAnnotations(annotationsOf(account))
  const { vault, [syncKey]: list, [syncStatusKey]: status } = own
  const by = `ServiceAccount ${nameOf(account)}`
  const said = status === undefined ? [] : readSyncStatus(status).secrets
  const asked = isTurnedOff(own) ? [] : readSecretList(list, vault?.trim().toLowerCase()).values
  return [
    ...said.map((line) => ({
      name: line.name,
      by,
      ...(line.state === 'failing' && { code: line.code }),
    })),
    ...asked.map(({ to }) => ({ name: to.secret, by })),
  ]
}

/** Only one whose status our controller writes: another operator makes the Secrets of the others. */
function makersOfExternalSecret(object: unknown): readonly Maker[] {
  const [seen] = readSeenExternalSecret(object)
  if (seen?.status.isOurs !== true || seen.content.kind === 'nothing') return []
  const { ready } = seen.status
  const code = ready?.status === 'False' ? { code: ready.reason } : {}
  const target = textAt(objectAt(object, 'spec'), 'target', 'name') || nameOf(object)
  return [{ name: target, by: `ExternalSecret ${nameOf(object)}`, ...code }]
}
