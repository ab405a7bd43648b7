import t, { type Test } from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { environmentOf } from '../../manifests/rendered.ts'
import { openCluster } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'

/** The chart looks up the nodes before it lets containers wait at a gate, which an older kubelet would ignore. */
const skip = withoutHelm
/** For API servers below 1.35, and for those from it on. */
const onOld = { skip: skip || (supportsEnv && 'the API server is 1.35 or later') }
const onNew = { skip: skip || (!supportsEnv && 'the API server is below 1.35') }
const cluster = openCluster(t)

async function addNode(t: Test, name: string, kubeletVersion: string): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    // The scheduler of a real cluster would use it otherwise.
    spec: { unschedulable: true },
    status: { nodeInfo: { kubeletVersion } },
  }
  expectSuccess(await cluster.create(node))
  t.teardown(() => cluster.delete(node))
}

function settingOf(...values: readonly string[]): string | undefined {
  const { find } = dryRunInstall(...values)
  const { containers } = find('Deployment', 'akv-injector-webhook').spec.template.spec
  return environmentOf(containers[0])['AKV_INJECTOR_AGENT_FAST_START']
}
const fast = 'agent.fastStart=true'

t.test('by default it is off, whatever the versions are', { skip }, async (t) => {
  t.equal(settingOf(), undefined)
})

t.test('an API server below 1.35 refuses it', onOld, async (t) => {
  t.throws(() => settingOf(fast), /agent\.fastStart is true, but pods run on Kubernetes 1\.3[34]/)
})

t.test('kubelets of 1.35 and later admit it', onNew, async (t) => {
  await addNode(t, 'fast-start-new', 'v1.35.0-gke.100')
  t.equal(settingOf(fast), 'true')
})

t.test('one older kubelet refuses it, and is named', onNew, async (t) => {
  await addNode(t, 'fast-start-new', 'v1.36.3')
  await addNode(t, 'fast-start-old', 'v1.34.9+k3s1')
  t.throws(
    () => settingOf(fast),
    /agent\.fastStart is true, but these nodes have kubelets older than 1\.35: fast-start-old v1\.34\.9\+k3s1/,
  )
  t.equal(settingOf(), undefined)
  t.throws(() => settingOf(fast, 'kubernetesVersion=1.34'), /pods run on Kubernetes 1\.34/)
})
