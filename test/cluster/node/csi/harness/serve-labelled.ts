import type { Test } from 'tap'
import { connect } from '../../../client/api.ts'
import { testNamespace, until } from '../../../client/cluster.ts'
import { deleteCrds } from '../../../client/crds.ts'
import { csiLabel, csiPod } from '../../../csi/harness/csi-pods.ts'
import { readCsiManifests, secretProviderClassCrd } from '../../../harness/install/csi-manifests.ts'
import { forgetRelease, helmUpgrade } from '../../../harness/install/helm-upgrade.ts'
import { untilRolledOut } from '../../harness/deployments.ts'
import type { OpenNode } from '../../harness/open-node.ts'

/**
 * Turns on volumes of the Secrets Store CSI Driver in labelled namespaces by `helm upgrade`, as an administrator does, and turns
 * them off when the test ends. Resolves when the webhook serves such pods.
 *
 * @param csi - further values of the chart's `csi`
 * @param others - further values of the chart
 */
export async function serveLabelled(
  t: Test,
  node: OpenNode,
  csi: object = {},
  others: object = {},
): Promise<void> {
  const { cluster } = node
  const cloud = await readCloud(node)
  t.teardown(() => restoreInstall(node, cloud))
  helmUpgrade({ cloud, csi: { namespaces: 'labelled', ...csi }, ...others })
  await rolledOut(node)
  const namespace = await testNamespace(t, cluster, csiLabel)
  await until(async () => {
    const { body } = await cluster.create(csiPod({ namespace }), { dryRun: true })
    return (body.message ?? '').includes('has no such SecretProviderClass')
  }, certificateTimeoutMs)
}

/** Undoes what `helm upgrade` changed in the tests' install, which Helm doesn't know afterwards. */
export async function restoreInstall(node: OpenNode, cloud: CloudValues): Promise<void> {
  helmUpgrade({ cloud })
  await rolledOut(node)
  const api = connect(process.env['KUBECONFIG'] ?? '')
  await forgetRelease(api)
  api.close()
  for (const object of readCsiManifests('labelled'))
    if (object.kind.startsWith('ClusterRole')) await node.cluster.delete(object)
  await deleteCrds(node.cluster, [secretProviderClassCrd()])
}

/** Values of the chart. */
export interface CloudValues {
  readonly name: string
  readonly authorityHost: string
  readonly vaultUrl: string
  /** In PEM. */
  readonly ca: string
}

/** Reads the values of the chart that name the emulator as the cloud. */
export async function readCloud({ cluster, environment }: OpenNode): Promise<CloudValues> {
  const metadata = { namespace: 'akv-injector', name: 'akv-injector-webhook' }
  const { body } = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
  const { url } = environment.vault
  const { 'ca.crt': ca = '' } = body['data'] as Readonly<Record<string, string>>
  return { name: 'custom', authorityHost: url, vaultUrl: `${url}/{vault}`, ca }
}

const rolledOut = (node: OpenNode) =>
  untilRolledOut(node, { namespace: 'akv-injector', name: 'akv-injector-webhook' })

/** The controller of the certificates looks at the webhook configuration once a minute. */
const certificateTimeoutMs = 120_000
