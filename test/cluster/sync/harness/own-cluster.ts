import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { connect } from '../../client/api.ts'
import { clusterOf } from '../../client/cluster.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { startCluster } from '../../harness/control-plane/start-cluster.ts'
import { startEmulatorProcess } from '../../harness/emulator-process.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { apiServerParts, findParts } from '../../parts/find-parts.ts'
import { enableSync } from './enable-sync.ts'

/**
 * Starts an API server that only this test uses, and an emulator that trusts its tokens. Both stop with the test.
 *
 * @param vaultData - the emulator's vault file
 * @throws Error if a program is missing or doesn't start
 */
export async function startOwnCluster(t: Test, vaultData: string) {
  const log = (line: string) => void t.comment(line)
  const found = await findParts({ env: process.env, log, names: apiServerParts })
  if (found.kind === 'invalid') throw new Error(found.problem)
  const { path: folder, remove } = temporaryFolder()
  t.teardown(remove)
  const local = await startCluster({ parts: found.value, folder })
  t.teardown(() => local.stop())
  const { kubeconfigFile } = local
  const api = connect(kubeconfigFile)
  const cluster = clusterOf(api)
  t.teardown(() => cluster.close())
  await publishIssuerKeys(cluster)
  const data = join(folder, 'vault.yaml')
  writeFileSync(data, vaultData)
  const azure = await startEmulatorProcess({ access: readKubeconfig(kubeconfigFile), folder, data })
  t.teardown(() => azure.stop())
  return {
    ...{ local, kubeconfigFile, api, cluster, azure },
    /** Enables accounts for sync, and resolves with the path of the controller's kubeconfig. */
    enableSync: (namespace: string, accounts: readonly string[]) =>
      enableSync(t, { api, cluster, kubeconfigFile, folder, namespace, accounts }),
  }
}
