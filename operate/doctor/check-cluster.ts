import { checkCertificates } from './checks/check-certificates.ts'
import { checkDriverVolumes } from './checks/check-driver-volumes.ts'
import { checkKubernetes } from './checks/check-kubernetes.ts'
import { checkMonitoring } from './checks/check-monitoring.ts'
import { checkNamespaces } from './checks/check-namespaces.ts'
import { checkOtherTools } from './checks/check-other-tools.ts'
import { checkPolicies } from './checks/check-policies.ts'
import { checkSync } from './checks/check-sync.ts'
import { checkWebhook } from './checks/check-webhook.ts'
import { examineDrift } from './drift/examine-drift.ts'
import { type DoctorSection, failed, unchecked } from './model/check-result.ts'
import type { ClusterFacts } from './model/cluster-facts.ts'
import type { Install } from './model/find-install.ts'
import type { DoctorReport } from './output/report.ts'

/**
 * Runs all checks of a cluster. Pure.
 *
 * @param options - `notices`: a sentence for each thing that could not be read
 */
export function checkCluster(
  facts: ClusterFacts,
  { install, notices }: { readonly install: Install; readonly notices: readonly string[] },
): DoctorReport {
  const drift = examineDrift(facts, install)
  const kubernetes = { title: 'Kubernetes', results: checkKubernetes(facts, install) }
  const sections = isAbsent(facts, install)
    ? [kubernetes, absent]
    : [
        kubernetes,
        { title: 'Webhook', results: checkWebhook(facts, install, drift) },
        { title: 'Certificates', results: checkCertificates(facts, install) },
        { title: 'Policies', results: checkPolicies(facts, install, drift) },
        {
          title: 'Namespaces',
          results: [
            ...checkNamespaces(facts, install, drift),
            ...checkDriverVolumes(facts, install),
          ],
        },
        { title: 'Secret sync', results: checkSync(facts, install) },
        { title: 'Monitoring', results: checkMonitoring(facts, install) },
        { title: 'Other tools', results: checkOtherTools(facts, install) },
      ]
  const unread = { title: 'Not checked', results: notices.map((notice) => unchecked(notice)) }
  return {
    title:
      install.namespace === undefined
        ? 'akv-injector'
        : `akv-injector in namespace ${install.namespace}`,
    sections: [...sections, unread].filter(({ results }) => results.length > 0),
  }
}

/** Whether there is no install: the caller may read webhook configurations and Deployments, and none is ours. */
const isAbsent = (
  { deployments }: ClusterFacts,
  { configurations, components, namespace }: Install,
): boolean =>
  namespace === undefined &&
  deployments !== undefined &&
  configurations?.length === 0 &&
  Object.keys(components).length === 0

const absent: DoctorSection = {
  title: 'Webhook',
  results: [
    failed(
      'akv-injector isn’t installed in this cluster: there is no webhook configuration and no Deployment of it',
      'docs/install.md; annotated pods start without their secrets',
    ),
  ],
}
