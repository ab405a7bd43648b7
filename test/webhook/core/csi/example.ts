import type { LookedUp } from '../../../../requests/class/looked-up.ts'
import type { AdmissionRequest } from '../../../../webhook/core/model/admission-review.ts'

export const clientId = '22222222-2222-2222-2222-222222222222'

export const parameters = {
  clientID: clientId,
  keyvaultName: 'team-a',
  objects: 'array:\n  - |\n    objectName: db-password\n    objectType: secret\n',
  tenantId: '33333333-3333-3333-3333-333333333333',
}

/** A SecretProviderClass whose parameters differ from the example's. */
export const exampleClass = (changes: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: { name: 'azure-kv', namespace: 'shop' },
  spec: { provider: 'azure', parameters: { ...parameters, ...changes } },
})

export const lookedUp = (classes: Readonly<Record<string, unknown>>): LookedUp => ({
  classes: new Map(
    Object.entries(classes).map(([name, object]) => [name, { kind: 'found', object }]),
  ),
})

export const csiVolume = (name = 'secrets-store', className = 'azure-kv') => ({
  name,
  csi: {
    driver: 'secrets-store.csi.k8s.io',
    readOnly: true,
    volumeAttributes: { secretProviderClass: className },
  },
})

export interface ExamplePod {
  metadata: { name: string; annotations?: Record<string, string> }
  spec: {
    serviceAccountName?: string
    volumes: Record<string, unknown>[]
    containers: ExampleContainer[]
    initContainers?: ExampleContainer[]
  }
}

interface ExampleContainer {
  name: string
  image?: string
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[]
}

export const csiPod = (): ExamplePod => ({
  metadata: { name: 'web-0' },
  spec: {
    volumes: [csiVolume()],
    containers: [
      { name: 'app', volumeMounts: [{ name: 'secrets-store', mountPath: '/mnt/secrets-store' }] },
    ],
  },
})

export const requestOf = (object: unknown, namespace = 'shop'): AdmissionRequest => ({
  uid: 'any',
  kind: 'Pod',
  group: '',
  operation: 'CREATE',
  subResource: '',
  namespace,
  dryRun: false,
  object,
})
