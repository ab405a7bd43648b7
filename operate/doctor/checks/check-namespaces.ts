import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { ExaminedDrift } from '../drift/examine-drift.ts'
import { type CheckResult, failed, passed } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { installedEntries } from '../model/installed.ts'
import { asksByAnnotations, hasController } from '../model/is-annotated.ts'
import { selectsNamespace } from '../model/label-selector.ts'
import { fullNameOf, nameOf, namespaceOf, templateOf, textAt } from '../model/objects.ts'

type NamespaceFacts = Pick<
  ClusterFacts,
  'namespaces' | 'deployments' | 'daemonSets' | 'otherWorkloads' | 'pods' | 'installed'
>

/**
 * Finds annotated workloads whose pods the API server never sends to the webhook, and annotated pods without an agent.
 * Leaves out those that are lost because somebody has changed the webhook configuration: another check reports that.
 */
export function checkNamespaces(
  facts: NamespaceFacts,
  install: Install,
  { isLost }: Pick<ExaminedDrift, 'isLost'>,
): readonly CheckResult[] {
  return [...checkExcluded(facts, install), ...checkUninjected(facts, isLost)]
}

function checkExcluded(
  { namespaces, installed, ...facts }: NamespaceFacts,
  install: Install,
): readonly CheckResult[] {
  if (namespaces === undefined || install.entries.length === 0) return []
  const entries = installedEntries(installed) ?? install.entries
  const excluded = new Set(
    namespaces
      .filter((namespace) => !entries.some((entry) => selectsNamespace(entry, namespace)))
      .map(nameOf),
  )
  const { deployments = [], daemonSets = [], otherWorkloads = [] } = facts
  const left = [...deployments, ...daemonSets, ...otherWorkloads].filter(
    (workload) =>
      excluded.has(namespaceOf(workload)) &&
      !hasController(workload) &&
      asksByAnnotations(templateOf(workload)),
  )
  if (left.length === 0)
    return [
      passed(
        `no annotated workload in the ${countOf(excluded.size, 'namespace')} that the webhook leaves alone`,
      ),
    ]
  return [...Map.groupBy(left, namespaceOf)]
    .slice(0, maxNamespaces)
    .map(([namespace, some]) =>
      failed(
        `the webhook leaves namespace ${namespace} alone, so the pods of these start without their secrets: ${listNames(some.map(titleOfWorkload))}`,
        'use another namespace, or remove the label or the value that excludes it (docs/install.md, "Excluded namespaces")',
      ),
    )
}

const maxNamespaces = 10

const titleOfWorkload = (workload: JsonObject): string =>
  `${textAt(workload, 'kind') || 'workload'} ${nameOf(workload)}`

/** The annotation that the kubelet sets on the mirror pod of a static pod. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

function checkUninjected(
  { pods }: NamespaceFacts,
  isLost: ExaminedDrift['isLost'],
): readonly CheckResult[] {
  if (pods === undefined) return []
  const annotated = pods.filter(
    (pod) =>
      asksByAnnotations(pod) &&
      valueAt(pod, 'metadata', 'annotations', mirrorAnnotation) === undefined &&
      valueAt(pod, 'metadata', 'deletionTimestamp') === undefined &&
      !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')),
  )
  const bare = annotated.filter(
    (pod) =>
      !isLost(pod) &&
      !objectsAt(pod, 'spec', 'initContainers').some((one) => textAt(one, 'name') === agentName),
  )
  if (bare.length === 0)
    return [
      passed(
        annotated.length === 0
          ? 'no pod is annotated'
          : `no agent is missing in ${countOf(annotated.length, 'annotated pod')}`,
      ),
    ]
  return [
    failed(
      `${countOf(bare.length, 'annotated pod')} without the agent, and so without secrets: ${listNames(bare.map(fullNameOf))}`,
      'akv-injector doctor pod NAME says why; once the cause is gone, replace them',
    ),
  ]
}
