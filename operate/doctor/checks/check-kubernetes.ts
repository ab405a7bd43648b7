import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import faults from '../../../manifests/chart/files/kubelet-faults.json' with { type: 'json' }
import { parseKubernetesMinor } from '../../../requests/administrator/settings/parse-setting-values.ts'
import { type CheckResult, failed, passed, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { asksForVariables } from '../model/is-annotated.ts'
import { labelsOf } from '../model/label-selector.ts'
import { fullNameOf, nameOf, templateOf, textAt } from '../model/objects.ts'

/** Native sidecars are stable from this minor version on. */
const oldest = 33
/** EnvFiles are on by default from this minor version on. */
const withEnvFiles = 35

type KubernetesFacts = Pick<
  ClusterFacts,
  'serverVersion' | 'broken' | 'nodes' | 'pods' | 'deployments' | 'daemonSets' | 'otherWorkloads'
>

/** Checks the versions of the API server and of the nodes. */
export function checkKubernetes(facts: KubernetesFacts, install: Install): readonly CheckResult[] {
  const { serverVersion } = facts
  const nodes = (facts.nodes ?? []).flatMap(nodeOf)
  return [
    rankOf(serverVersion) < rankOf(`1.${oldest}.0`)
      ? failed(`the API server is ${serverVersion}, which is older than 1.${oldest}`, upgrade)
      : passed(`API server ${serverVersion}`),
    ...facts.broken.map((sentence) =>
      failed(
        sentence,
        'look at the API server and at what serves this kind; its checks are left out',
      ),
    ),
    ...(facts.nodes === undefined
      ? []
      : [
          ...checkAge(nodes),
          ...checkFaults(nodes, install),
          ...checkEnvFiles(nodes, facts, install),
        ]),
  ]
}

const upgrade = `akv-injector supports Kubernetes 1.${oldest} and later (docs/support.md)`

interface LinuxNode {
  readonly name: string
  readonly version: string
  readonly rank: number
}

/** Minor and patch version as one number, so that versions can be compared. */
function rankOf(version: string): number {
  const [, minor = '', patch = ''] = /^v?1\.(\d{1,4})\.(\d{1,4})/.exec(version) ?? []
  return Number(minor) * 10_000 + Number(patch)
}

/** Skips Windows nodes and virtual nodes, which never run the agent. */
function nodeOf(node: JsonObject): readonly LinuxNode[] {
  const version = textAt(node, 'status', 'nodeInfo', 'kubeletVersion')
  const isWindows = textAt(node, 'status', 'nodeInfo', 'operatingSystem') === 'windows'
  const isVirtual = labelsOf(node)['type'] === 'virtual-kubelet'
  if (isWindows || isVirtual || version === '') return []
  return [{ name: nameOf(node), version, rank: rankOf(version) }]
}

const describeNodes = (nodes: readonly LinuxNode[]): string =>
  listNames(nodes.map(({ name, version }) => `${name} ${version}`))

function checkAge(nodes: readonly LinuxNode[]): readonly CheckResult[] {
  const old = nodes.filter(({ rank }) => rank < rankOf(`1.${oldest}.0`))
  if (old.length > 0)
    return [failed(`nodes are older than 1.${oldest}: ${describeNodes(old)}`, upgrade)]
  const versions = [...Map.groupBy(nodes, ({ version }) => version)].map(
    ([version, some]) => `${some.length} × ${version}`,
  )
  return [passed(`${countOf(nodes.length, 'Linux node')}: ${listNames(versions) || 'none'}`)]
}

function checkFaults(
  nodes: readonly LinuxNode[],
  { components: { webhook } }: Install,
): readonly CheckResult[] {
  const isFast = webhook?.env['AKV_INJECTOR_AGENT_FAST_START'] === 'true'
  const found = faults
    .filter(({ avoidedBy }) => !(isFast && avoidedBy === 'agent.fastStart'))
    .flatMap(({ from, fixedIn, consequence, reference }) => {
      const affected = nodes.filter(({ rank }) => rank >= rankOf(from) && rank < rankOf(fixedIn))
      return affected.length === 0
        ? []
        : [
            warned(
              `kubelets have a fault that ${fixedIn} fixes: ${describeNodes(affected)}`,
              `${consequence} (${reference}); upgrade these nodes`,
            ),
          ]
    })
  return found.length > 0 ? found : [passed('no kubelet has a known fault with native sidecars')]
}

/** A kubelet older than 1.35 ignores `fileKeyRef` silently, and doesn't know the start gate of a fast start. */
function checkEnvFiles(
  nodes: readonly LinuxNode[],
  facts: KubernetesFacts,
  { components: { webhook } }: Install,
): readonly CheckResult[] {
  const old = nodes.filter(({ rank }) => rank < rankOf(`1.${withEnvFiles}.0`))
  const isFast = webhook?.env['AKV_INJECTOR_AGENT_FAST_START'] === 'true'
  const assumed = assumedMinor(webhook?.env['AKV_INJECTOR_KUBERNETES_VERSION'])
  if (old.length === 0) {
    const couldBeFast = webhook !== undefined && nodes.length > 0 && assumed >= withEnvFiles
    return [
      passed(
        `every node supports akv-injector.io/env (1.${withEnvFiles} or later)`,
        couldBeFast && !isFast ? offer : undefined,
      ),
    ]
  }
  const names = describeNodes(old)
  const sentence = `nodes are older than 1.${withEnvFiles}: ${names}`
  if (isFast)
    return [
      failed(
        `${sentence}; with agent.fastStart they start apps before their files are there`,
        'set agent.fastStart to false (docs/install.md, "Fast start")',
      ),
    ]
  if (webhook !== undefined && assumed < withEnvFiles)
    return [passed(`${sentence}; pods with akv-injector.io/env are refused (kubernetesVersion)`)]
  const hint = `set kubernetesVersion of the chart to the oldest of these versions, so that such pods are refused (docs/install.md, "Kubernetes 1.33 and 1.34")`
  const oldNames = new Set(old.map(({ name }) => name))
  const empty = (facts.pods ?? []).filter(
    (pod) => asksForVariables(pod) && oldNames.has(textAt(pod, 'spec', 'nodeName')),
  )
  if (empty.length > 0)
    return [
      failed(
        `${sentence}; the variables of ${countOf(empty.length, 'pod')} there are empty: ${listNames(empty.map(fullNameOf))}`,
        hint,
      ),
    ]
  const users = usersOfVariables(facts)
  return users.length > 0
    ? [
        warned(
          `${sentence}; there, these would start with empty variables: ${listNames(users)}`,
          hint,
        ),
      ]
    : [passed(`${sentence}; nothing uses akv-injector.io/env, which needs 1.${withEnvFiles}`)]
}

const offer =
  'agent.fastStart of the chart is off: it starts apps with akv-injector.io/refresh about a second sooner, if nodes to come are as new (docs/install.md, "Fast start")'

function assumedMinor(version: string | undefined): number {
  const parsed = version === undefined ? undefined : parseKubernetesMinor(version)
  return parsed?.kind === 'valid' ? parsed.value : withEnvFiles
}

const usersOfVariables = ({
  deployments = [],
  daemonSets = [],
  otherWorkloads = [],
}: KubernetesFacts): readonly string[] =>
  [...deployments, ...daemonSets, ...otherWorkloads]
    .filter((workload) => asksForVariables(templateOf(workload)))
    .map(fullNameOf)
