import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { waitsForItsTurn } from '../../cluster/pods/container-state.ts'
import { conditionOf, isReady, nameOf, textAt } from './objects.ts'

const maxShown = 3

/**
 * Why pods aren't ready: a sentence for each of the first few, with the reason that the scheduler or the kubelet gives.
 */
export const whyNotReady = (pods: readonly JsonObject[]): readonly string[] =>
  pods
    .flatMap((pod) => {
      const reason = reasonOfPod(pod)
      return reason === undefined ? [] : [`pod ${nameOf(pod)}: ${reason}`]
    })
    .slice(0, maxShown)

/** Undefined if the pod is ready. */
function reasonOfPod(pod: JsonObject): string | undefined {
  if (isReady(pod)) return undefined
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled['status'] === 'False') return textAt(scheduled, 'message') || 'isn’t scheduled'
  const states = ['initContainerStatuses', 'containerStatuses'].flatMap((list) =>
    objectsAt(pod, 'status', list),
  )
  for (const state of states)
    for (const path of [
      ['state', 'waiting'],
      ['state', 'terminated'],
    ]) {
      const reason = textAt(state, ...path, 'reason')
      const message = textAt(state, ...path, 'message')
      if (reason !== '' && reason !== 'Completed' && !waitsForItsTurn(reason))
        return [reason, message].filter((part) => part !== '').join(': ')
    }
  return 'isn’t ready yet'
}
