import type { KubeObject } from '../../client/api.ts'
import { envIfSupported, variableOrFile } from '../../client/env-support.ts'
import { prefixed } from '../../client/pods.ts'
import { hasIdentity, mountPath, shell } from '../harness/app-pod.ts'

/** The object that the tests rotate, and its value before. */
export const rolledObject = 'rolled-out'
export const firstValue = 'value-0'
export const syncedSecret = 'rolled-secret'

const port = 8080
/** A pod that was ready stays so, however slowly a busy machine answers. */
export const patientProbe = { periodSeconds: 1, timeoutSeconds: 60, failureThreshold: 60 }
const drained = '/tmp/drained'
/** Reads the value once, as most apps do, and serves it until the pod ends. */
const serve = (value: string, atEnd = 'exit') =>
  shell(`trap '${atEnd}' TERM
mkdir /tmp/www
echo ${value} >/tmp/www/value
httpd -f -p ${port} -h /tmp/www & wait`)

/** Clients of such a pod tell it when they don't use it any more. After a fixed time, a busy one could still use it. */
const drain = `until [ -e ${drained} ]; do sleep 1; done; exit`
export const endDrain = ['touch', drained] as const

const injectedValue = variableOrFile('TOKEN', `${mountPath}/token`)
const injected = (onChange: boolean) =>
  prefixed({
    vault: 'team-a',
    secrets: `token=${rolledObject}`,
    refresh: '0',
    ...envIfSupported(`TOKEN=${rolledObject}`),
    ...(onChange && { 'on-change': 'rollout' }),
  })

interface WorkloadOptions {
  readonly kind?: 'Deployment' | 'StatefulSet'
  readonly namespace: string
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  /** A word for a shell. */
  readonly value?: string
  readonly container?: object
  /** Whether its pods serve until {@link endDrain}. */
  readonly drains?: boolean
  /** Of the template. By default it is injected, and asks for roll-outs. */
  readonly template?: Readonly<Record<string, string>> | undefined
  readonly spec?: object
}

/** Returns a workload whose pods serve the value with which they started. */
export function rolledWorkload(options: WorkloadOptions): KubeObject {
  const { kind = 'Deployment', namespace, name, annotations = {}, spec } = options
  const { value = injectedValue, template = injected(true), drains = false, container } = options
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { namespace, name, annotations },
    spec: {
      selector: { matchLabels: { app: name } },
      ...spec,
      template: {
        metadata: { labels: { ...hasIdentity, app: name }, annotations: template },
        spec: {
          serviceAccountName: 'web',
          terminationGracePeriodSeconds: 3600,
          containers: [
            {
              name: 'app',
              image: 'busybox:1.37',
              ...serve(value, drains ? drain : undefined),
              readinessProbe: { httpGet: { path: '/value', port }, ...patientProbe },
              ...(drains && { lifecycle: { preStop: { sleep: { seconds: 5 } } } }),
              ...container,
            },
          ],
        },
      },
    },
  }
}

/** A workload that reads a Secret of Secret sync, and that isn't injected. */
export const consumerOf = (namespace: string, name: string): KubeObject =>
  rolledWorkload({
    namespace,
    name,
    annotations: prefixed({ 'on-change': 'rollout' }),
    template: {},
    value: '"$TOKEN"',
    container: {
      env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: syncedSecret, key: 'token' } } }],
    },
  })

/** The annotations of the account whose Secret it is. */
export const syncingAccount = {
  'azure.workload.identity/tenant-id': '11111111-1111-1111-1111-111111111111',
  ...prefixed({
    vault: 'team-a',
    refresh: '30s',
    sync: `[{ secret: ${syncedSecret}, data: "token=${rolledObject}" }]`,
  }),
}

/** The template of somebody's pods that use the object, and ask for no roll-outs. */
export const silentTemplate = injected(false)

/**
 * The pod of a tenant who may only create pods. It names somebody else's workload as its owner, and asks for roll-outs.
 *
 * @param owner - as the cluster has it, with its UID
 */
export function forgedPod(owner: KubeObject, name: string): KubeObject {
  const { namespace = '', name: ownerName, uid } = owner.metadata
  const { apiVersion, kind } = owner
  const { selector } = owner['spec'] as { readonly selector: { readonly matchLabels: object } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ namespace, name },
      labels: { ...hasIdentity, ...selector.matchLabels },
      annotations: injected(true),
      ownerReferences: [{ apiVersion, kind, name: ownerName, uid, controller: true }],
    },
    spec: {
      serviceAccountName: 'web',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: 'busybox:1.37' }],
    },
  }
}

/** A Service of a workload, whose pods clients find by its EndpointSlices. */
export const serviceOf = ({ metadata: { namespace, name } }: KubeObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name } as KubeObject['metadata'],
  spec: { selector: { app: name }, ports: [{ port }] },
})
