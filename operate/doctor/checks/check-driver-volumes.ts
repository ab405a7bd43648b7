import { listNames } from '../../../lib/list-names.ts'
import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import { type CheckResult, failed } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { installedEntries } from '../model/installed.ts'
import { hasController, hasDriverVolume } from '../model/is-annotated.ts'
import { labelsOf, selectsNamespace } from '../model/label-selector.ts'
import { nameOf, namespaceOf, templateOf, textAt } from '../model/objects.ts'
import { driverName } from './check-other-tools.ts'

type VolumeFacts = Pick<
  ClusterFacts,
  'namespaces' | 'drivers' | 'deployments' | 'daemonSets' | 'otherWorkloads' | 'pods' | 'installed'
>

/** The path at which the webhook gets the pods whose volumes of the CSI driver it serves. */
const servingPath = '/mutate/csi'
const csiLabel = 'akv-injector.io/csi'
const maxNamespaces = 10

/**
 * Without the Secrets Store CSI Driver, pods with its volumes start only where the webhook serves them. Finds those
 * elsewhere, by the webhook configuration as it was installed.
 */
export function checkDriverVolumes(facts: VolumeFacts, install: Install): readonly CheckResult[] {
  const { namespaces, drivers } = facts
  const serving = (installedEntries(facts.installed) ?? install.entries).filter(
    (entry) => textAt(entry, 'clientConfig', 'service', 'path') === servingPath,
  )
  const hasDriver = drivers === undefined || drivers.some((one) => nameOf(one) === driverName)
  if (namespaces === undefined || hasDriver || serving.length === 0) return []
  const isServed = (namespace: JsonObject) =>
    serving.some((entry) => selectsNamespace(entry, namespace))
  const stuck = Map.groupBy(withDriverVolumes(facts), namespaceOf)
  return namespaces
    .filter((namespace) => stuck.has(nameOf(namespace)) && !isServed(namespace))
    .slice(0, maxNamespaces)
    .map((namespace) =>
      describe(nameOf(namespace), {
        objects: stuck.get(nameOf(namespace)) ?? [],
        wouldBeServed: isServed(withLabel(namespace)),
      }),
    )
}

/** Workloads, and pods that nothing has created. */
function withDriverVolumes({
  deployments = [],
  daemonSets = [],
  otherWorkloads = [],
  pods = [],
}: VolumeFacts): readonly JsonObject[] {
  return [
    ...[...deployments, ...daemonSets, ...otherWorkloads].filter((one) =>
      hasDriverVolume(templateOf(one)),
    ),
    ...pods.filter(
      (pod) =>
        hasDriverVolume(pod) && !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')),
    ),
  ].filter((one) => !hasController(one))
}

const withLabel = (namespace: JsonObject): JsonObject => ({
  metadata: {
    name: valueAt(namespace, 'metadata', 'name'),
    labels: { ...labelsOf(namespace), [csiLabel]: 'true' },
  },
})

function describe(
  namespace: string,
  {
    objects,
    wouldBeServed,
  }: { readonly objects: readonly JsonObject[]; readonly wouldBeServed: boolean },
): CheckResult {
  const names = listNames(objects.map((one) => `${textAt(one, 'kind')} ${nameOf(one)}`.trim()))
  const reason = wouldBeServed
    ? `namespace ${namespace} lacks the label ${csiLabel}: "true"`
    : `the webhook leaves namespace ${namespace} alone`
  return failed(
    `the Secrets Store CSI Driver isn’t installed, and ${reason}, so pods with its volumes can’t start: ${names}`,
    wouldBeServed
      ? `if the volumes are for Azure: kubectl label namespace ${namespace} ${csiLabel}=true, then replace the pods (docs/from-csi.md)`
      : 'use another namespace (docs/install.md, "Excluded namespaces")',
  )
}
