/** The names that we use in a pod. A user's container or volume with such a name is refused. */

export const agentName = 'akv-injector'

export const filesVolume = 'akv-injector-files'
export const envVolume = 'akv-injector-env'
export const identityVolume = 'akv-injector-identity'

export const ourVolumes: readonly string[] = [filesVolume, envVolume, identityVolume]

/** Kubernetes allows 15 characters. */
export const metricsPortName = 'akv-metrics'

/** The CSI driver's path, so that apps that migrate keep theirs. */
export const defaultMountPath = '/mnt/secrets-store'
