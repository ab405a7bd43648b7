import type { JsonObject } from '../../../lib/shape.ts'
import type { AccountId } from '../../../requests/account/account.ts'
import type { WorkloadKind } from '../../../requests/annotations/on-change.ts'
import type { Lookup } from '../../../requests/class/looked-up.ts'
import type { SeenPod } from './read-pod.ts'

export interface WorkloadRef {
  readonly namespace: string
  readonly kind: WorkloadKind
  readonly name: string
  readonly uid: string
}

/** An Event about a workload, or about a pod that belongs to none. */
export interface RolloutEvent {
  readonly object: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly uid: string
  }
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'RolloutBegun' | 'RolloutHeldBack' | 'RolloutFailed' | 'RolloutRefused'
  readonly message: string
}

/** Which pods to list: those that run as the account, and have these labels. */
export interface PodSelection {
  readonly namespace: string
  readonly account: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Pods that have neither ended nor are being deleted. Of each, only what is needed is kept: a pod may have 1.5 MiB. */
export interface ListedPods {
  readonly pods: readonly SeenPod[]
  /** Whether there are more than {@link maxListedPods}, of which the others weren't read. */
  readonly isCut: boolean
}

/** Whoever may create pods in a namespace could make us read any number of them. */
export const maxListedPods = 5000

/** The requests that roll-outs make to the API server. Objects are as the API server sends them. All functions throw AkvError. */
export interface RolloutCluster {
  /** The time by the API server's clock, in milliseconds since 1970. Never throws. */
  serverTimeMs(): number
  /** Undefined if it doesn't exist. */
  readAccount(namespace: string, name: string): Promise<JsonObject | undefined>
  /** Fails if the account now has another uid. */
  writeRecord(account: AccountId, text: string): Promise<void>
  listPods(selection: PodSelection): Promise<ListedPods>
  /** Undefined if it doesn't exist. */
  readOwner(
    kind: WorkloadKind | 'ReplicaSet',
    object: { readonly namespace: string; readonly name: string },
  ): Promise<JsonObject | undefined>
  /** Reads a SecretProviderClass. Of one that was found, only what the webhook reads is kept. */
  readClass(namespace: string, name: string): Promise<Lookup>
  /**
   * Sets the annotation in the template of the workload.
   *
   * @throws StaleError if it has changed since it was read
   * @throws RefusedPatchError if the API server refuses the patch
   */
  patchTemplate(
    workload: WorkloadRef,
    patch: { readonly resourceVersion: string; readonly restartedAt: string },
  ): Promise<void>
  createEvent(event: RolloutEvent): Promise<void>
}

/** The API server has refused a patch, and would refuse it again. Its message is for people. */
export class RefusedPatchError extends Error {
  override readonly name = 'RefusedPatchError'
}
