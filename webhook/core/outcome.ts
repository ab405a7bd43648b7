/** One request, one outcome: the log line, the metric, the response and the tests all read this value. */
import type { Problem } from '../../lib/problem.ts'

export type Outcome = Skipped | Denied | Injected

export interface Skipped {
  readonly kind: 'skipped'
  readonly reason: SkipReason
}

export interface Denied {
  readonly kind: 'denied'
  readonly problems: readonly Problem[]
}

export interface Injected {
  readonly kind: 'injected'
  readonly operations: readonly AddOperation[]
  /** Bounded by `boundWarnings`. */
  readonly warnings: readonly string[]
}

/** Nobody corrects more at a time, and somebody else may send a pod that has a hundred thousand. */
export const maxProblems = 100

/** A JSON Patch operation (RFC 6902). Only `add`: nothing of the user's is replaced, moved or removed. */
export interface AddOperation {
  readonly op: 'add'
  readonly path: string
  readonly value: unknown
}

/** Why a request is allowed without a patch. */
export const skipReasons = {
  'not-a-pod': 'only pods are injected',
  'not-create': 'only the creation of a pod is acted on',
  subresource: 'subresources are not acted on',
  'mirror-pod': 'a mirror pod shows a static pod of the kubelet and cannot be changed',
  'not-annotated': 'it has no akv-injector.io annotations',
  'turned-off': 'akv-injector.io/inject is "false"',
  complete: 'everything asked for is there already',
} as const
export type SkipReason = keyof typeof skipReasons

export const skipped = (reason: SkipReason): Skipped => ({ kind: 'skipped', reason })
export const denied = (problems: readonly Problem[]): Denied => ({ kind: 'denied', problems })
