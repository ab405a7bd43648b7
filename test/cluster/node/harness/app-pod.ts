import { type Pod, prefixed } from '../../client/pods.ts'

export interface AppPodOptions {
  readonly namespace: string
  readonly name: string
  /** Without the prefix; by default one file of the vault `team-a`. */
  readonly annotations?: Readonly<Record<string, string>>
  /** By default the label that gives the pod the identity of its service account. */
  readonly labels?: Readonly<Record<string, string>>
  readonly metadata?: object
  /** Fields of the only container `app`, which sleeps by default. */
  readonly app?: object
  readonly spec?: object
}

/** Returns a pod that runs until it is deleted, and then ends at once. */
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

/** Options of a pod whose containers see each other's processes, and are users that can't become the agent's. */
export const sharingProcesses = (runAsUser: number) => ({
  app: { securityContext: { runAsUser, allowPrivilegeEscalation: false } },
  spec: { shareProcessNamespace: true },
})

export const appContainer = (name: string) => ({ name, image: 'busybox:1.37' })

/** Returns the field `command` of a container that runs a shell script. */
export const shell = (commands: string) => ({ command: ['sh', '-c', commands] })

/** The label that azure-workload-identity's webhook looks for. */
export const hasIdentity = { 'azure.workload.identity/use': 'true' }
const oneFile = { secrets: 'db-password' }

export const mountPath = '/mnt/secrets-store'
export const password = 'correct horse battery staple'
