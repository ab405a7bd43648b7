import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'

/** What starts a roll-out: a change of any object, or only of one that is a variable. */
type OnChange = 'rollout' | 'rollout-env'

/**
 * The annotation that asks for roll-outs: in the pod template of an injected workload, or in the own metadata of a workload
 * whose pods only use a synced Secret.
 */
export const onChangeKey = 'on-change'

/** Reads the annotation. */
export function parseOnChange(text: string): Parsed<OnChange> {
  if (text === 'rollout' || text === 'rollout-env') return valid(text)
  return invalid(
    'expected "rollout", for a change of any object, or "rollout-env", for a change of a variable; without the annotation, nothing is rolled out',
  )
}

/** The kinds that can be rolled out, all of `apps/v1`. */
const rolledOutKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const
export type WorkloadKind = (typeof rolledOutKinds)[number]

export const isWorkloadKind = (kind: unknown): kind is WorkloadKind =>
  rolledOutKinds.some((name) => name === kind)

/** What decides whether a workload can be rolled out. */
interface Workload {
  readonly apiVersion: unknown
  readonly kind: unknown
  /** The controller among its `ownerReferences`, as `Revision/web`. */
  readonly controller?: string | undefined
}

/** Returns the sentence that says why a workload can't be rolled out, if it can't. */
export function rolloutObstacle({ apiVersion, kind, controller }: Workload): string | undefined {
  if (apiVersion !== 'apps/v1' || !isWorkloadKind(kind))
    return `does nothing here: only a ${rolledOutKinds.slice(0, -1).join(', ')} or ${rolledOutKinds.at(-1)} of apps/v1 is rolled out${hintFor(kind)}`
  return controller === undefined
    ? undefined
    : `does nothing here: ${controller} controls this ${kind}, and a roll-out would change what that controller wants`
}

function hintFor(kind: unknown): string {
  if (kind === 'Job' || kind === 'CronJob') return '; the next pod reads the new values anyway'
  if (kind === 'Pod') return ', not a pod that no workload creates'
  return kind === 'Rollout'
    ? '; the restartAt of an Argo Rollout replaces pods without a surge'
    : ''
}
