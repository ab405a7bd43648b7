import type { KubeObject } from './api.ts'
import { envIfSupported } from './env-support.ts'

export interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
    readonly volumes?: readonly { readonly name: string }[]
    readonly [field: string]: unknown
  }
}

/** A pod without our annotations. */
export const plainPod = (spec: object = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'plain-', ...metadata },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }], ...spec },
})

/** The spec of a pod that Pod Security "restricted" admits. */
export const restrictedSpec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'app',
      image: 'registry.example/app:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly valueFrom?: object }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
}

export const agentOf = ({ spec }: Pod): Container | undefined =>
  spec.initContainers?.find(({ name }) => name === 'akv-injector')

export interface AnnotatedPodOptions {
  readonly namespace?: string
  /** Without the prefix; by default one file and one variable. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
}

export function annotatedPod(options: AnnotatedPodOptions = {}): Pod {
  const { namespace = 'default', spec, annotations = filesAndEnv } = options
  return plainPod(spec, {
    generateName: 'annotated-',
    namespace,
    annotations: prefixed(annotations),
  })
}

export const prefixed = (annotations: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`akv-injector.io/${key}`, value]),
  )

/** One file, and one variable if the cluster supports it. */
export const filesAndEnv = {
  vault: 'team-a',
  secrets: 'db-password',
  ...envIfSupported('API_KEY=api-key'),
}
