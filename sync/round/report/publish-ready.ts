import type { Clock } from '../../../lib/clock.ts'
import { toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { SeenStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import type { StatusObject, SyncCluster } from '../../cluster/cluster-port.ts'
import {
  type Readiness,
  type ReadySecret,
  type ReadyStatus,
  readyStatus,
} from '../../status/ready-status.ts'

export interface PublishReadyOptions {
  readonly cluster: Pick<SyncCluster, 'writeReadyStatus'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

/**
 * Writes the status of an ExternalSecret or a store, if it should have another one. The status is for people: if it can't be
 * written, everything else continues.
 *
 * @returns whether it has been written and has another message than before
 */
export async function publishReady(
  object: StatusObject & { readonly before: SeenStatus },
  readiness: Readiness,
  options: PublishReadyOptions & {
    /** Of an ExternalSecret that is in sync. */
    readonly secret?: ReadySecret
  },
): Promise<boolean> {
  const { cluster, clock, log, secret } = options
  const { before, ...named } = object
  const nowMs = clock.now()
  const status = readyStatus(readiness, { before, nowMs, ...(secret && { secret }) })
  const isWritten = status !== undefined && (await write(named, status, { cluster, log }))
  return isWritten && status.conditions[0].message !== before.ready?.message
}

/** Withdraws the status that we have written to an object: it belongs to another controller now. */
export const withdrawReady = (
  object: StatusObject,
  options: Pick<PublishReadyOptions, 'cluster' | 'log'>,
): Promise<boolean> => write(object, undefined, options)

async function write(
  named: StatusObject,
  status: ReadyStatus | undefined,
  { cluster, log }: Pick<PublishReadyOptions, 'cluster' | 'log'>,
): Promise<boolean> {
  try {
    await cluster.writeReadyStatus(named, status)
    return true
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    log.debug(`the status was not written: ${message}`, { code })
    return false
  }
}
