import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { AddOperation } from '../model/outcome.ts'
import type { Pod } from '../model/pod.ts'
import type { Plan } from './plan.ts'

/** Marks injected pods for people and monitoring. The webhook never decides by it. */
export const agentLabel = `${annotationPrefix}agent`

/** JSON pointer: RFC 6901 escapes the slash of the key. */
const pointer = `/metadata/labels/${agentLabel.replace('/', '~1')}`

/**
 * The operation that labels a pod that gets its agent. RFC 6902: `add` replaces a member that exists, which the manifest of
 * a copied pod may have from another version.
 */
export function addLabel({ metadata }: Pod, { versionLabel }: Plan): readonly AddOperation[] {
  const labels = metadata?.labels
  if (labels == null)
    return [{ op: 'add', path: '/metadata/labels', value: { [agentLabel]: versionLabel } }]
  return labels[agentLabel] === versionLabel
    ? []
    : [{ op: 'add', path: pointer, value: versionLabel }]
}
