import type { KubeObject } from '../../client/api.ts'

export const clientId = '22222222-2222-2222-2222-222222222222'
export const tenantId = '33333333-3333-3333-3333-333333333333'

export interface ClassOptions {
  readonly namespace: string
  readonly name?: string
  readonly provider?: string
  /** Added to those of a class that is served as it stands. */
  readonly parameters?: Readonly<Record<string, string>>
}

export function secretProviderClass(options: ClassOptions): KubeObject {
  const { namespace, name = 'azure-kv', provider = 'azure', parameters } = options
  const objects = 'array:\n  - |\n    objectName: db-password\n    objectType: secret\n'
  return {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name, namespace },
    spec: {
      provider,
      parameters: {
        keyvaultName: 'team-a',
        tenantId,
        clientID: clientId,
        usePodIdentity: 'false',
        objects,
        ...parameters,
      },
    },
  }
}
