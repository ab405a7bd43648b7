import type { PodTemplate } from '../input/find-objects.ts'

/** Whose pods the API server never sends to the webhook; the chart adds those of its values, and those with AKS's labels. */
export const excludedNamespaces: readonly string[] = [
  'akv-injector',
  'kube-system',
  'kube-node-lease',
  'kube-public',
  'gatekeeper-system',
]

/** The pod would start, and have nothing. Manifests don't tell what labels its namespace has: only names are looked at. */
export function findExcludedNamespace({ namespace }: PodTemplate): readonly string[] {
  return excludedNamespaces.includes(namespace)
    ? [
        `an install with its defaults never looks at pods of the namespace ${namespace}: there it would start without agent and secrets; choose another namespace`,
      ]
    : []
}
