import type { AccountEvent } from './sync-cluster.ts'

/** What the newer events API allows, and what `kubectl describe` can still show. */
const maxMessageLength = 1024

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
    message: shortened(message),
    source: { component },
    reportingComponent: 'akv-injector.io/sync',
    reportingInstance: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
}

const shortened = (text: string): string =>
  text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength - 1)}…`
