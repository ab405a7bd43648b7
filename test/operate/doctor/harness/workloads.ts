import type { Manifest } from '../../../manifests/rendered.ts'
import type { serveInstall } from './serve-install.ts'

type Server = Awaited<ReturnType<typeof serveInstall>>['server']

const times = { creationTimestamp: '2026-11-29T09:00:00Z' }
export const annotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password',
}

const resources: Readonly<Record<string, string>> = {
  Deployment: 'apis/apps/v1/namespaces/team-a/deployments',
  StatefulSet: 'apis/apps/v1/namespaces/team-a/statefulsets',
  ReplicaSet: 'apis/apps/v1/namespaces/team-a/replicasets',
  Job: 'apis/batch/v1/namespaces/team-a/jobs',
  CronJob: 'apis/batch/v1/namespaces/team-a/cronjobs',
  ServiceAccount: 'api/v1/namespaces/team-a/serviceaccounts',
  Event: 'api/v1/namespaces/team-a/events',
}

/** Puts an object into the namespace `team-a`. Its uid is `uid-of-NAME`. */
export function putInto(server: Server, kind: string, name: string, more: Manifest = {}): void {
  const { metadata = {}, ...rest } = more
  server.objects.put(`/${resources[kind]}/${name}`, {
    apiVersion: 'v1',
    kind,
    metadata: { namespace: 'team-a', name, uid: `uid-of-${name}`, ...times, ...metadata },
    ...rest,
  })
}

export const ownedBy = (kind: string, name: string) => ({
  ownerReferences: [{ controller: true, kind, name, uid: `uid-of-${name}` }],
})

/** A Deployment or another workload whose pods ask for an object. */
export const asking = (more: object = {}) => ({
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { annotations, labels: { app: 'web' } },
      spec: { containers: [{ name: 'app' }] },
    },
    ...more,
  },
})

let count = 0
/** Puts an event about an object. */
export function putEvent(
  server: Server,
  about: { readonly kind: string; readonly name: string; readonly uid?: string },
  event: Manifest,
): void {
  count += 1
  const { kind, name, uid = `uid-of-${name}` } = about
  putInto(server, 'Event', `event-${count}`, {
    involvedObject: { kind, name, uid },
    lastTimestamp: '2026-11-29T09:00:02Z',
    source: { component: 'kubelet' },
    ...event,
  })
}
