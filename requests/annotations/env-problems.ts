import type { Problem } from '../../lib/problems/problem.ts'
import type { Policy } from '../administrator/policy.ts'
import { type Annotations, annotationPrefix, ownPath } from './keys/own-annotations.ts'

/** EnvFiles (`fileKeyRef`) are an alpha feature of Kubernetes 1.34, and on by default from 1.35. */
export const firstEnvMinor = 35

/**
 * Refuses `env` on a Kubernetes without EnvFiles: an old API server would refuse the injected pod with a message that
 * doesn't name the cause, and an old kubelet would start its containers with empty variables.
 */
export function envProblems(
  annotations: Annotations,
  { kubernetesMinor = firstEnvMinor }: Pick<Policy, 'kubernetesMinor'>,
): readonly Problem[] {
  if (annotations['env'] === undefined || kubernetesMinor >= firstEnvMinor) return []
  return [
    {
      path: ownPath('env'),
      sentence: `needs Kubernetes 1.${firstEnvMinor} or later, but pods run on 1.${kubernetesMinor} here (AKV_INJECTOR_KUBERNETES_VERSION); use files (${annotationPrefix}secrets) or a synced Secret (${annotationPrefix}sync on the ServiceAccount) instead`,
    },
  ]
}
