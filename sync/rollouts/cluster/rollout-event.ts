import { printable } from '../../../lib/printable.ts'
import type { RolloutEvent } from './rollout-port.ts'

/** As in the Events of Secret sync. */
const maxMessage = 1023
const component = 'akv-injector-rollouts'

/** Creates the Event on a workload that `kubectl describe` shows. */
export function rolloutEventBody({ object, type, reason, message }: RolloutEvent, now: Date) {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: object.namespace, generateName: `${object.name}.` },
    involvedObject: object,
    type,
    reason,
    message: printable(message, maxMessage),
    source: { component },
    reportingComponent: 'akv-injector.io/rollouts',
    reportingInstance: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
}
