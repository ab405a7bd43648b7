import { type Pod, prefixed } from '../../client/pods.ts'

export interface AppPodOptions {
  readonly namespace: string
  readonly name: string
  /** Without their prefix; one file of the vault `team-a` unless told otherwise. */
  readonly annotations?: Readonly<Record<string, string>>
  /** Those of a pod that has the identity of its service account unless told otherwise. */
  readonly labels?: Readonly<Record<string, string>>
  readonly metadata?: object
  /** Of the only container `app`, which sleeps unless told otherwise. */
  readonly app?: object
  readonly spec?: object
}

/** A pod that runs, and ends at once when it is deleted. */
export function appPod(options: AppPodOptions): Pod {
  const { namespace, name, annotations = {}, labels = hasIdentity, app, metadata, spec } = options
  const { vault = 'team-a', ...others } = annotations
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      annotations: prefixed({ vault, ...(Object.keys(others).length > 0 ? others : oneFile) }),
      ...metadata,
    },
    spec: {
      serviceAccountName: 'web',
      terminationGracePeriodSeconds: 1,
      containers: [{ ...appContainer('app'), ...app }],
      ...spec,
    },
  }
}

export const appContainer = (name: string) => ({ name, image: 'busybox:1.37' })

/** The commands of a shell, as a container's `command`. */
export const shell = (commands: string) => ({ command: ['sh', '-c', commands] })

/** What azure-workload-identity's webhook looks for. */
export const hasIdentity = { 'azure.workload.identity/use': 'true' }
const oneFile = { secrets: 'db-password' }

export const mountPath = '/mnt/secrets-store'
export const password = 'correct horse battery staple'
