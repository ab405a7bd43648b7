import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { environmentOf } from '../../manifests/rendered.ts'
import { openCluster } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'

/** The chart derives from the API server's version whether pods may use `akv-injector.io/env`. */
const skip = withoutHelm
const cluster = openCluster(t)

function install(...values: readonly string[]) {
  const { find, notes } = dryRunInstall(...values)
  const { containers } = find('Deployment', 'akv-injector-webhook').spec.template.spec
  return { version: environmentOf(containers[0])['AKV_INJECTOR_KUBERNETES_VERSION'], notes }
}

const refusal = /Pods with the annotation akv-injector\.io\/env are refused/

t.test('an install names the version of the API server', { skip }, async (t) => {
  const { version, notes } = install()
  t.equal(version, await cluster.version())
  t.equal(refusal.test(notes), !supportsEnv)
})

t.test('the value kubernetesVersion takes precedence', { skip }, async (t) => {
  const { version, notes } = install('kubernetesVersion=1.34')
  t.equal(version, '1.34')
  t.match(notes, refusal)
  t.match(notes, /kubernetesVersion is\s+1\.34\./)
})
