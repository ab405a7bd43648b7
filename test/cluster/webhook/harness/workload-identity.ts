import type { Container, Pod } from '../../client/pods.ts'

/**
 * What azure-workload-identity's webhook does to a pod: its variables, volume and mounts for all containers, nothing
 * that is there already being changed. It decodes pods into API types of 0.31, so what came later is lost.
 */
export function addIdentity(pod: Pod, clientId: string): Pod {
  const withIdentity = identityOf(clientId)
  const { resources: _, ...spec } = asOldTypes(pod.spec)
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map(withIdentity),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withIdentity) }),
      volumes: withNamed(spec.volumes, [volume]),
    },
  }
}

/** The same, of the identity in the examples. */
export const addWorkloadIdentity = (pod: Pod): Pod =>
  addIdentity(pod, '22222222-2222-2222-2222-222222222222')

const identityOf =
  (clientId: string) =>
  (container: Container): Container => ({
    ...container,
    env: withNamed(container.env, variables(clientId)),
    volumeMounts: withNamed(container.volumeMounts, [mount]),
  })

/** Keeps the empty `valueFrom` around what it doesn't know, as Go does with a pointer to a struct. */
function asOldTypes(spec: Pod['spec']): Pod['spec'] {
  const text = JSON.stringify(spec, (key, value) => (key === 'fileKeyRef' ? undefined : value))
  return JSON.parse(text)
}

function withNamed<T extends { readonly name: string }>(
  there: readonly T[] = [],
  wanted: readonly T[],
): T[] {
  const names = new Set(there.map(({ name }) => name))
  return [...there, ...wanted.filter(({ name }) => !names.has(name))]
}

const name = 'azure-workload-identity-reserved-1'
const folder = '/var/run/secrets/azure/wi'
const mount = { name, mountPath: `${folder}/token`, readOnly: true }
const variables = (clientId: string) =>
  Object.entries({
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: '11111111-1111-1111-1111-111111111111',
    AZURE_FEDERATED_TOKEN_FILE: `${folder}/token/azure-identity-token`,
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
  }).map(([name, value]) => ({ name, value }))
const volume = {
  name,
  projected: {
    sources: [
      {
        serviceAccountToken: {
          audience: 'api://AzureADTokenExchange',
          expirationSeconds: 3600,
          path: 'azure-identity-token',
        },
      },
    ],
  },
}
