import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkCluster } from '../../../../operate/doctor/check-cluster.ts'
import type { CheckResult } from '../../../../operate/doctor/model/check-result.ts'
import type { ClusterFacts } from '../../../../operate/doctor/model/cluster-facts.ts'
import { findInstall } from '../../../../operate/doctor/model/find-install.ts'
import { readInstalled } from '../../../../operate/doctor/model/installed.ts'
import { type Manifest, readRendered } from '../../../manifests/rendered.ts'
import { agentImage } from '../../../support/injected-pods/injected-pod.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'

const folder = join(import.meta.dirname, '../../../..')
const read = (path: string) => readRendered(readFileSync(join(folder, path), 'utf8')).objects

export const namespace = 'akv-injector'
const authority = await issueTestAuthority('akv-injector', { lifetimeDays: 90 })
const { certificatePem } = await authority.issue({
  dnsNames: [`akv-injector-webhook.${namespace}.svc`],
  lifetimeDays: 60,
})
export const servedCertificate = certificatePem

/** A caBundle, as the API server has it. */
export const bundleOf = (...pems: readonly string[]): string =>
  Buffer.from(pems.join('')).toString('base64')

/** The Deployment of Secret sync, with all replicas ready. */
export function syncDeployment(...options: readonly string[]): Manifest {
  const found: Manifest = structuredClone(
    read('test/fixtures/sync/install.yaml').find(({ kind }) => kind === 'Deployment'),
  )
  found.spec.template.spec.containers[0].args = ['sync', '--watch', 'cluster', ...options]
  return ready(found)
}

/** A Deployment of the install with a variable of its container. */
export function withVariable(deployment: Manifest, name: string, value: string): Manifest {
  const changed: Manifest = structuredClone(deployment)
  const [container] = changed.spec.template.spec.containers
  container.env = [...container.env.filter((one: Manifest) => one.name !== name), { name, value }]
  return changed
}

function ready(deployment: Manifest): Manifest {
  return { ...deployment, status: { readyReplicas: deployment.spec.replicas ?? 1 } }
}

/** What a cluster has after an install, by the manifests for it. */
export function installed(): readonly Manifest[] {
  return read('manifests/install.yaml').map((object) => {
    if (object.kind === 'Deployment')
      return ready(withVariable(object, 'AKV_INJECTOR_AGENT_IMAGE', agentImage))
    if (object.kind !== 'MutatingWebhookConfiguration') return object
    const webhooks = object.webhooks.map((entry: Manifest) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, caBundle: bundleOf(authority.certificatePem) },
    }))
    return { ...object, webhooks }
  })
}

export const node = (name: string, kubeletVersion: string, labels = {}): Manifest => ({
  kind: 'Node',
  metadata: { name, labels },
  status: { nodeInfo: { kubeletVersion, operatingSystem: 'linux' } },
})

export const nodes = [node('a', 'v1.36.3'), node('b', 'v1.36.3')]
export const namespaces = ['default', 'team-a', 'kube-system', namespace].map((name) => ({
  kind: 'Namespace',
  metadata: { name },
}))

/** The facts of a cluster in which nothing is wrong. */
export function healthyFacts(changed: Partial<ClusterFacts> = {}): ClusterFacts {
  const objects = installed()
  const of = (wanted: string) => objects.filter(({ kind }) => kind === wanted)
  return {
    nowMs: Date.now(),
    serverVersion: 'v1.36.3',
    broken: [],
    seesAllPods: true,
    nodes,
    namespaces,
    mutatingConfigurations: of('MutatingWebhookConfiguration'),
    policies: of('ValidatingAdmissionPolicy'),
    policyBindings: of('ValidatingAdmissionPolicyBinding'),
    deployments: of('Deployment'),
    ...{ daemonSets: [], otherWorkloads: [], pods: [], accounts: [], classes: [] },
    ...{ classMounts: [], externalSecrets: [], drivers: [], certificates: [] },
    ...{ podMonitors: [], serviceMonitors: [], rules: [] },
    installed: readInstalled(of('ConfigMap')[0]),
    services: of('Service'),
    servedCertificate,
    dryRun: {
      kind: 'created',
      namespace: 'default',
      pod: { spec: { initContainers: [{ name: 'akv-injector', env: [] }] } },
    },
    syncRights: undefined,
    ...changed,
  }
}

/** The results of all checks of a healthy cluster in which this is different: all but those that passed, as lines. */
export const findings = (changed: Partial<ClusterFacts>): readonly string[] =>
  results(changed)
    .filter(({ mark }) => mark !== 'ok')
    .map(({ mark, sentence }) => `${mark}: ${sentence}`)

export function results(changed: Partial<ClusterFacts>): readonly CheckResult[] {
  const facts = healthyFacts(changed)
  const report = checkCluster(facts, { install: findInstall(facts, {}), notices: [] })
  return report.sections.flatMap((section) => section.results)
}
