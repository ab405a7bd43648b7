/** The versions of Kubernetes that the cluster tests can build, oldest first. Each has a Go module in `kubernetes`. */
export const kubernetesVersions = ['1.33', '1.35', '1.36', '1.37'] as const
export type KubernetesVersion = (typeof kubernetesVersions)[number]

/** The variable with the version of the cluster under test, as `npm run cluster:test` sets it: `1.36`. */
export const versionVariable = 'CLUSTER_KUBERNETES_VERSION'

/** Returns the version to build: the one in the environment, or 1.36 if it has none that can be built. */
export const versionToBuild = (
  env: Readonly<Record<string, string | undefined>>,
): KubernetesVersion =>
  kubernetesVersions.find((version) => version === env[versionVariable]) ?? '1.36'
