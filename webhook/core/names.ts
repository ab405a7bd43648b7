/** The names that are ours in a pod. A user's container or volume of such a name is refused. */

export const agentName = 'akv-injector'

export const filesVolume = 'akv-injector-files'
export const envVolume = 'akv-injector-env'
export const identityVolume = 'akv-injector-identity'

export const ourVolumes: readonly string[] = [filesVolume, envVolume, identityVolume]

/** The CSI driver's path: apps that move keep theirs. */
export const defaultMountPath = '/mnt/secrets-store'

/**
 * Proxies of service meshes, and the init containers that go with them. They see no objects unless named, and the
 * agent starts after a proxy that is a native sidecar, as it may be the only way out of the pod.
 */
export const meshContainers: readonly string[] = [
  'istio-proxy',
  'istio-init',
  'istio-validation',
  'linkerd-proxy',
  'linkerd-init',
  'linkerd-network-validator',
  'envoy-sidecar',
  'consul-dataplane',
  'consul-connect-inject-init',
  'consul-mesh-init',
  'kuma-sidecar',
  'kuma-init',
  'kuma-validation',
]
