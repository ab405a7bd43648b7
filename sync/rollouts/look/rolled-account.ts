import type { VaultToken } from '../../../keyvault/entra/sign-in.ts'
import { printable } from '../../../lib/printable.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { RecordedWorkload } from '../../../requests/rollouts/record.ts'
import type { WorkloadRef } from '../cluster/rollout-port.ts'
import type { RolledObject } from '../read/asked-objects.ts'
import type { KnownObject } from '../rule/observe-object.ts'

/** A workload that asks for roll-outs. */
export interface TrackedWorkload {
  readonly ref: WorkloadRef
  readonly objects: readonly RolledObject[]
  /** When it was first seen that an object has changed that no roll-out was for. By the API server's clock. */
  pendingMs: number | undefined
  /** Boot time. It isn't looked at before. */
  nextCheckAtMs: number
}

/** A roll-out that hasn't completed. */
export interface RunningRollout {
  readonly ref: WorkloadRef
  /** Boot time. */
  readonly beganAtMs: number
}

/** What is kept of an account whose owner allows roll-outs. */
export interface RolledAccount {
  account: Account
  /** The beginning. */
  readonly sinceMs: number
  readonly known: Map<string, KnownObject>
  readonly recorded: Map<string, RecordedWorkload>
  /** The text of the record, as it was written last. */
  writtenText: string | undefined
  workloads: Map<string, TrackedWorkload>
  readonly running: Map<string, RunningRollout>
  /** Those whose roll-out has ended, by UID, until it is known whether it has replaced their old pods. */
  readonly ended: Set<string>
  /** Of the last read, by the name of the sign-in. */
  tokens: ReadonlyMap<string, VaultToken | undefined>
  /** What couldn't be read last time: a sentence for each. */
  problems: readonly string[]
  /** What the last list left out: a sentence for each. */
  listProblems: readonly string[]
  /** Which of the SecretProviderClasses of the last list can't be used: a sentence for each. */
  classProblems: readonly string[]
  /** The UIDs of what controls the pods of the last list. */
  owners: ReadonlySet<string>
  /** Boot time. */
  nextListAtMs: number
  nextSearchAtMs: number
  nextReadAtMs: number
}

/** A roll-out that began this long ago isn't watched any more. */
export const watchedMs = 30 * 60_000

/** Longer than any kind and name of a workload. */
const maxTitle = 320

/** `Deployment/web`, for a log line and the record. Whoever creates a pod can name an owner of any length. */
export const workloadTitle = ({
  kind,
  name,
}: {
  readonly kind: string
  readonly name: string
}): string => printable(`${kind}/${name}`, maxTitle)
