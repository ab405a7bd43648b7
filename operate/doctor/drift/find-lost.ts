import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { installedEntries } from '../model/installed.ts'
import { labelsOf, selectsLabels, selectsNamespace } from '../model/label-selector.ts'
import { nameOf, namespaceOf, templateOf } from '../model/objects.ts'

type LostFacts = Pick<ClusterFacts, 'installed' | 'namespaces'>

/**
 * Tells of a pod, or of the template of a workload's pods, whether the API server doesn't send it to the webhook because
 * somebody has changed the selectors: by the installed selectors, it would be sent. Without the namespaces, nothing is
 * known to be lost.
 */
export function findLost(
  { installed, namespaces = [] }: LostFacts,
  { entries }: Pick<Install, 'entries'>,
): (object: JsonObject) => boolean {
  const wanted = installedEntries(installed)
  const byName = new Map(namespaces.map((namespace) => [nameOf(namespace), namespace]))
  if (entries.length === 0 || wanted === undefined) return () => false
  return (object) => {
    const namespace = byName.get(namespaceOf(object))
    const template = templateOf(object)
    const labels = labelsOf(Object.keys(template).length === 0 ? object : template)
    const isSentBy = (some: readonly JsonObject[]) =>
      namespace !== undefined &&
      some.some(
        (entry) =>
          selectsNamespace(entry, namespace) &&
          selectsLabels(valueAt(entry, 'objectSelector'), labels),
      )
    return isSentBy(wanted) && !isSentBy(entries)
  }
}
