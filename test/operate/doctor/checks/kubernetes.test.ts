import t from 'tap'
import { findings, healthyFacts, node, results, withVariable } from '../harness/healthy-cluster.ts'

t.test('versions that are too old', (t) => {
  t.match(findings({ serverVersion: 'v1.32.9' }), [/^failure: the API server is v1\.32\.9/])
  t.match(findings({ nodes: [node('a', 'v1.36.3'), node('old', 'v1.32.9')] }), [
    'failure: nodes are older than 1.33: old v1.32.9',
  ])
  t.strictSame(findings({ serverVersion: 'v1.36.3-gke.100' }), [])
  t.end()
})

t.test('kubelets with known faults', (t) => {
  const faulty = ['1.33.0', '1.33.5', '1.34.0', '1.34.1', '1.35.0', '1.35.3']
  for (const version of faulty)
    t.match(
      findings({ nodes: [node('a', `v${version}`)] }).join('\n'),
      /^warning: kubelets have a fault/m,
      version,
    )
  const sound = ['1.33.6', '1.33.20', '1.34.2', '1.35.4', '1.36.0', '1.36.3+rke2r1']
  for (const version of sound)
    t.strictSame(findings({ nodes: [node('a', `v${version}`)] }), [], version)
  t.end()
})

const annotations = { 'akv-injector.io/env': 'A=team-a:a' }
const old = [node('a', 'v1.36.3'), node('old', 'v1.34.4')]
const workload = {
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'team-a' },
  spec: { template: { metadata: { annotations }, spec: { containers: [] } } },
}

t.test('an older node matters if something uses variables', (t) => {
  t.match(findings({ nodes: old, otherWorkloads: [workload] }), [
    /^warning: nodes are older than 1\.35: old v1\.34\.4; there, these would start with empty variables: team-a\/db$/,
  ])
  const pod = (nodeName: string) => ({
    metadata: { name: 'db-0', namespace: 'team-a', annotations },
    spec: { nodeName, initContainers: [{ name: 'akv-injector' }] },
  })
  t.strictSame(findings({ nodes: old, pods: [pod('a')] }), [])
  t.match(findings({ nodes: old, pods: [pod('old')] }), [
    /^failure: .* the variables of 1 pod there are empty: team-a\/db-0$/,
  ])
  t.end()
})

t.test('an older node with the settings of the chart', (t) => {
  const withEnv = (name: string, value: string) =>
    (healthyFacts().deployments ?? []).map((one) => withVariable(one, name, value))
  const refused = withEnv('AKV_INJECTOR_KUBERNETES_VERSION', '1.34')
  t.strictSame(findings({ nodes: old, otherWorkloads: [workload], deployments: refused }), [])
  const fast = withEnv('AKV_INJECTOR_AGENT_FAST_START', 'true')
  t.match(findings({ nodes: old, deployments: fast }), [/^failure: .*agent\.fastStart/])
  t.end()
})

t.test('a fast start is offered where every node can have it', (t) => {
  const withEnv = (name: string, value: string) =>
    (healthyFacts().deployments ?? []).map((one) => withVariable(one, name, value))
  const offers = (changed: Parameters<typeof results>[0]) =>
    results(changed).flatMap(({ hint = '' }) => (hint.startsWith('agent.fastStart') ? [hint] : []))
  t.match(offers({}), [/^agent\.fastStart of the chart is off: .*about a second sooner/])
  t.strictSame(offers({ deployments: withEnv('AKV_INJECTOR_AGENT_FAST_START', 'true') }), [])
  t.strictSame(offers({ deployments: withEnv('AKV_INJECTOR_KUBERNETES_VERSION', '1.34') }), [])
  t.strictSame(offers({ nodes: old }), [])
  t.strictSame(offers({ nodes: [] }), [])
  t.strictSame(offers({ nodes: undefined }), [])
  t.end()
})

t.test('a fault that a fast start avoids', (t) => {
  const nodes = [node('a', 'v1.35.1')]
  const deployments = (healthyFacts().deployments ?? []).map((one) =>
    withVariable(one, 'AKV_INJECTOR_AGENT_FAST_START', 'true'),
  )
  t.match(findings({ nodes }), [/^warning: kubelets have a fault that 1\.35\.4 fixes/])
  t.strictSame(findings({ nodes, deployments }), [])
  t.end()
})
