/** One request, one outcome: the log line, the metric, the response and the tests all read this value. */
import { describeProblem, type Problem } from '../../../lib/problems/problem.ts'
import { agentName } from './our-names.ts'

export type Outcome = Skipped | Denied | Injected

interface Skipped {
  readonly kind: 'skipped'
  readonly reason: SkipReason
}

export interface Denied {
  readonly kind: 'denied'
  readonly problems: readonly Problem[]
}

export interface Injected {
  readonly kind: 'injected'
  readonly operations: readonly PatchOperation[]
  /** Bounded by `boundWarnings`. */
  readonly warnings: readonly Problem[]
  /** The defaults of the namespace that were used, if any. */
  readonly defaults?: Readonly<Record<string, string>>
}

/** The prefix tells the author of kubectl's command whose warning it is. */
export const warningPrefix = `${agentName}: `

/** A warning as kubectl shows it. */
export const describeWarning = (warning: Problem): string =>
  warningPrefix + describeProblem(warning)

/**
 * A JSON Patch operation (RFC 6902). Nearly always `add` of something new, so nothing of the user's is replaced, moved or removed.
 * The exceptions are the member `csi` of a volume that is served (docs/specification.md, "Volumes of the CSI driver"), and
 * our own label if the pod has it already.
 */
export type PatchOperation = AddOperation | RemoveOperation

export interface AddOperation {
  readonly op: 'add'
  readonly path: string
  readonly value: unknown
}

interface RemoveOperation {
  readonly op: 'remove'
  readonly path: string
}

/** Why a request is allowed without a patch. */
export const skipReasons = {
  'not-a-pod': 'only pods are injected',
  'not-create': 'pods are injected only when they are created',
  subresource: 'subresources are ignored',
  'mirror-pod': "a mirror pod stands for a static pod of the kubelet and can't be changed",
  'not-annotated': 'it has no akv-injector.io annotations',
  'turned-off': 'akv-injector.io/inject is "false"',
  'windows-pod': 'it runs on Windows, where volumes are left to the Secrets Store CSI Driver',
  'other-provider': 'its SecretProviderClasses are not of the provider azure',
  complete: 'everything that it requests is there already',
} as const
export type SkipReason = keyof typeof skipReasons

export const skipped = (reason: SkipReason): Skipped => ({ kind: 'skipped', reason })
export const denied = (problems: readonly Problem[]): Denied => ({ kind: 'denied', problems })
export const injected = (
  operations: readonly PatchOperation[],
  warnings: readonly Problem[],
  defaults?: Injected['defaults'],
): Injected => ({ kind: 'injected', operations, warnings, ...(defaults && { defaults }) })
