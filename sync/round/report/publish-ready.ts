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

export interface ReadyServices {
  readonly cluster: Pick<SyncCluster, 'writeReadyStatus'>
  readonly clock: Pick<Clock, 'wallTime'>
}

export type ReadyPublisher = ReturnType<typeof createReadyPublisher>

/** Writes the statuses of ExternalSecrets and stores. They are for people: if one can't be written, everything else continues. */
export function createReadyPublisher({ cluster, clock }: ReadyServices) {
  async function write(
    object: StatusObject,
    { status, log }: { readonly status: ReadyStatus | undefined; readonly log: Log },
  ): Promise<boolean> {
    try {
      await cluster.writeReadyStatus(object, status)
      return true
    } catch (thrown) {
      const { code, message } = toAkvError(thrown)
      log.debug(`the status was not written: ${message}`, { code })
      return false
    }
  }
  return {
    /**
     * Writes a status, if the object should have another one.
     *
     * @param said - `secret`: of an ExternalSecret that is in sync
     * @returns whether it has been written and has another message than before
     */
    async publish(
      { before, ...object }: StatusObject & { readonly before: SeenStatus },
      said: { readonly readiness: Readiness; readonly secret?: ReadySecret; readonly log: Log },
    ): Promise<boolean> {
      const { readiness, secret, log } = said
      const wallMs = clock.wallTime()
      const status = readyStatus(readiness, { before, wallMs, ...(secret && { secret }) })
      const isWritten = status !== undefined && (await write(object, { status, log }))
      return isWritten && status.conditions[0].message !== before.ready?.message
    },
    /** Withdraws the status that we have written to an object: it belongs to another controller now. */
    withdraw: (object: StatusObject, log: Log) => write(object, { status: undefined, log }),
  }
}
