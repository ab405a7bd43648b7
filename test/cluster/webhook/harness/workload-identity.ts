import type { Container, Pod } from '../../client/pods.ts'

/**
 * Changes a pod as azure-workload-identity's webhook does: it adds variables, a volume and mounts to all containers, and
 * keeps existing ones. It decodes pods into the API types of Kubernetes 1.31, so newer fields are lost.
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

/** Adds the identity of the examples. */
export const addWorkloadIdentity = (pod: Pod): Pod =>
  addIdentity(pod, '22222222-2222-2222-2222-222222222222')

/**
 * Changes a pod as azure-workload-identity 1.6 does with its custom token endpoint, which AKS's identity bindings use: other
 * variables besides, and another audience.
 */
export function addIdentityBinding(pod: Pod): Pod {
  const { spec, ...others } = addWorkloadIdentity(pod)
  const bind = (container: Container): Container => ({
    ...container,
    env: withNamed(container.env, bindingVariables),
  })
  return {
    ...others,
    spec: {
      ...spec,
      containers: spec.containers.map(bind),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(bind) }),
      volumes: (spec.volumes ?? []).map((one) => (one.name === name ? boundVolume : one)),
    },
  }
}

const identityOf =
  (clientId: string) =>
  (container: Container): Container => ({
    ...container,
    env: withNamed(container.env, variables(clientId)),
    volumeMounts: withNamed(container.volumeMounts, [mount]),
  })

/** Removes `fileKeyRef`, but keeps the empty `valueFrom` around it, as Go does with a pointer to a struct. */
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

const bindingVariables = Object.entries({
  AZURE_KUBERNETES_TOKEN_PROXY: 'https://kubernetes.default.svc.cluster.local',
  AZURE_KUBERNETES_SNI_NAME: 'aother.ests.aks',
  AZURE_KUBERNETES_CA_FILE: `${folder}/token/ca.crt`,
}).map(([name, value]) => ({ name, value }))
const boundVolume = {
  name,
  projected: {
    sources: [
      {
        serviceAccountToken: {
          audience: 'api://AKSIdentityBinding',
          expirationSeconds: 3600,
          path: 'azure-identity-token',
        },
      },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
}
