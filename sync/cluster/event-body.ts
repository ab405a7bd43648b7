import { printable } from '../../lib/printable.ts'
import type { AccountEvent } from './cluster-port.ts'

/** The newer events API allows 1024 with the ellipsis, and `kubectl describe` can still show them. */
const maxMessageLength = 1023

const component = 'akv-injector-sync'

/** The Event on an account, as `kubectl describe serviceaccount` shows it. */
export function eventBody({ account, type, reason, message }: AccountEvent) {
  const { namespace, name, uid } = account
  const now = new Date()
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // The name of an account is at most 253 characters, and what is generated is cut to that.
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
