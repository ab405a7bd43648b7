/** The names that are ours in a pod. A user's container or volume of such a name is refused. */

export const agentName = 'akv-injector'

export const filesVolume = 'akv-injector-files'
export const envVolume = 'akv-injector-env'
export const identityVolume = 'akv-injector-identity'

export const ourVolumes: readonly string[] = [filesVolume, envVolume, identityVolume]

/** The CSI driver's path: apps that move keep theirs. */
export const defaultMountPath = '/mnt/secrets-store'
