import type { PodTemplate } from '../../input/objects/find-objects.ts'
import type { Finding } from '../findings/finding.ts'

/**
 * The namespaces whose pods the API server never sends to the webhook. The chart also excludes namespaces that its values
 * list, and those with AKS's labels.
 */
export const excludedNamespaces: readonly string[] = [
  'akv-injector',
  'kube-system',
  'kube-node-lease',
  'kube-public',
  'gatekeeper-system',
]

/**
 * Warns about a pod that would start without its secrets because of its namespace. Only names are checked, because
 * manifests don't show the labels of their namespace.
 */
export function findExcludedNamespace({ namespace }: PodTemplate): readonly Finding[] {
  return excludedNamespaces.includes(namespace)
    ? [
        {
          severity: 'warning',
          code: 'AKV_CHECK_NAMESPACE',
          message: `a default install ignores pods in the namespace ${namespace}, so this pod would start without an agent and secrets; choose another namespace`,
        },
      ]
    : []
}
