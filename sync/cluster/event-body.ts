import { printable } from '../../lib/printable.ts'
import type { SourceKind } from '../../requests/secret/source-ref.ts'
import type { AccountEvent } from './cluster-port.ts'

/** The newer Events API allows 1024 characters. Longer messages are cut off and get an ellipsis. */
const maxMessageLength = 1023

const component = 'akv-injector-sync'

const sourceVersions: Readonly<Record<SourceKind, string>> = {
  SecretProviderClass: 'secrets-store.csi.x-k8s.io/v1',
  ExternalSecret: 'external-secrets.io/v1',
}

/** Creates the Event on an account, or on a source of it, that `kubectl describe` shows. */
export function eventBody({ account, source, type, reason, message }: AccountEvent) {
  const { namespace } = account
  const { name, uid } = source ?? account
  const kind = source?.kind ?? 'ServiceAccount'
  const apiVersion = source === undefined ? 'v1' : sourceVersions[source.kind]
  const now = new Date()
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // The API server shortens the prefix of a generated name to fit into 253 characters.
    metadata: { namespace, generateName: `${name}.` },
    involvedObject: { apiVersion, kind, namespace, name, uid },
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
