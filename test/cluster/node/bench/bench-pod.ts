import type { KubeObject } from '../../client/api.ts'

export interface BenchPodOptions {
  readonly name: string
  /** Without the prefix. A pod without annotations gets no agent. */
  readonly annotations: Readonly<Record<string, string>>
  /** The shell script of the app. */
  readonly commands: string
}

/** Returns a pod with one container, and with the examples' service account that can read the vault `team-b`. */
export const benchPod = ({ name, annotations, commands }: BenchPodOptions): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    annotations:
      Object.keys(annotations).length > 0 ? prefixed({ ...identity, ...annotations }) : {},
  },
  spec: {
    serviceAccountName: 'web',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'app', image: 'busybox:1.37', command: ['sh', '-c', commands] }],
  },
})

const prefixed = (annotations: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`akv-injector.io/${key}`, value]),
  )

const identity = {
  vault: 'team-b',
  'client-id': '22222222-2222-2222-2222-222222222222',
  'tenant-id': '11111111-1111-1111-1111-111111111111',
}
