/** The names that mark what the controller writes for roll-outs. */

/** Not {@link annotationPrefix}: a webhook of an earlier version would refuse pods with a key that it doesn't know. */
const rolloutPrefix = 'rollout.akv-injector.io/'

/** On a workload's template: when the controller began the last roll-out. The only field of a workload that it changes. */
export const restartedAtAnnotation = `${rolloutPrefix}restarted-at`

/** On a ServiceAccount: the versions that the controller has seen, and the roll-outs of its workloads, as {@link recordText} writes them. */
export const recordAnnotation = `${rolloutPrefix}record`

/** The API server records under this name that these fields are ours. */
export const rolloutFieldManager = 'akv-injector-rollouts'

/** Why pods that hold an old version aren't replaced, or not yet. A sentence goes on after the name of the workload. */
export const heldReasons = {
  paused: 'it is paused; it is looked at again when it isn’t',
  rolling: 'a roll-out of it is under way; it is looked at again after that',
  failing:
    'some of its pods aren’t ready, and a roll-out might not help; repair it, or delete these pods. It is looked at again',
  'too-soon': 'its last roll-out has begun too recently (sync.rollouts.minInterval)',
  'daily-limit': 'it was rolled out as often as it may be in a day (sync.rollouts.maxPerDay)',
  refused: 'the API server refuses the patch',
  undone:
    'the roll-out for this version was undone, or has failed; it isn’t repeated. Roll out the workload, or wait for the next version',
  'bare-pod':
    'these pods belong to no workload, so nothing would replace them; use a Deployment, a StatefulSet or a DaemonSet',
  job: 'the pods of a Job run once and aren’t replaced; the next run gets the new version',
  'other-owner':
    'another controller owns it and would undo the patch, or has roll-outs of its own; restart it there',
  'on-delete':
    'its update strategy is OnDelete, so a roll-out would replace none of its pods; delete them, or use RollingUpdate',
  partition: 'all of its old pods are below the partition of its update strategy',
} as const
export type HeldReason = keyof typeof heldReasons

export const isHeldReason = (text: unknown): text is HeldReason =>
  typeof text === 'string' && Object.hasOwn(heldReasons, text)
