import { printable } from '../../lib/printable.ts'
import type { AccountEvent } from './cluster-port.ts'

/** The newer Events API allows 1024 characters. Longer messages are cut off and get an ellipsis. */
const maxMessageLength = 1023

const component = 'akv-injector-sync'

/** Creates the Event on an account that `kubectl describe serviceaccount` shows. */
export function eventBody({ account, type, reason, message }: AccountEvent) {
  const { namespace, name, uid } = account
  const now = new Date()
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // The API server shortens the prefix of a generated name to fit into 253 characters.
    metadata: { namespace, generateName: `${name}.` },
    involvedObject: { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name, uid },
    type,
    reason,
    message: printable(message, maxMessageLength),
    source: { component },
    reportingComponent: 'akv-injector.io/sync',
    reportingInstance: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
}
