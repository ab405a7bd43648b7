import type { JsonObject } from '../../../../lib/shape.ts'
import { oneLine, textAt, timeAt, timeOfEvent } from '../../model/objects.ts'
import type { JudgedPod } from './judged-pod.ts'
import { readFieldPath, readProbe } from './others-sentences.ts'

type WithEvents = Pick<JudgedPod, 'events' | 'pod'>

/** The events about the pod itself, the newest first. */
export const eventsOfPod = ({ events = [], pod }: WithEvents): readonly JsonObject[] =>
  events
    .filter((event) => textAt(event, 'involvedObject', 'uid') === textAt(pod, 'metadata', 'uid'))
    .toSorted((a, b) => (timeOfEvent(b) ?? 0) - (timeOfEvent(a) ?? 0))

interface SeenProbe {
  readonly probe: 'liveness' | 'readiness' | 'startup'
  readonly message: string
  /** The kubelet restarts the container because of it. */
  readonly isKill: boolean
}

/** What the kubelet said last about failed probes of a container, since that was started. */
export function newestProbe(
  judged: WithEvents,
  {
    container,
    kinds,
  }: { readonly container: string; readonly kinds: readonly SeenProbe['probe'][] },
): SeenProbe | undefined {
  const found = eventsOfPod(judged).flatMap((event): SeenProbe[] => {
    const reason = textAt(event, 'reason')
    if (reason !== 'Unhealthy' && reason !== 'Killing') return []
    if (readFieldPath(textAt(event, 'involvedObject', 'fieldPath')) !== container) return []
    const message = textAt(event, 'message')
    const probe = readProbe(message)
    return probe !== undefined && kinds.includes(probe)
      ? [{ probe, message: oneLine(message), isKill: reason === 'Killing' }]
      : []
  })
  const killed = found.some(({ isKill }) => isKill)
  const said = found.find(({ isKill }) => !isKill) ?? found[0]
  return said && { ...said, isKill: killed }
}

/** How long ago an object was created. */
export const ageOfObject = (object: JsonObject, nowMs: number): number =>
  nowMs - (timeAt(object, 'metadata', 'creationTimestamp') ?? nowMs)
