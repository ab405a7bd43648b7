import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../../../manifests/rendered.ts'
import { accountKubeconfig } from '../../client/account-kubeconfig.ts'
import type { Api } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { startEmulatorProcess } from '../../harness/emulator-process.ts'
import { syncAccount } from '../harness/sync-account.ts'
import { type Fleet, tenantId, vaultData } from './fleet.ts'
import { installFleet, type RolesOf } from './install-fleet.ts'

interface ServeFleetOptions {
  readonly api: Api
  readonly cluster: Cluster
  readonly kubeconfigFile: string
  /** The folder for the files of the vaults and of the controller's process. */
  readonly folder: string
  /** By default, they enable the accounts for Secret sync. */
  readonly rolesOf?: RolesOf
}

/**
 * Installs a fleet's permissions, and starts its vaults.
 *
 * @returns the container of the controller's Deployment, the environment of a process in its place, and a function that stops the
 * vaults and removes everything else
 */
export async function serveFleet(
  { api, cluster, kubeconfigFile, folder, rolesOf }: ServeFleetOptions,
  fleet: Fleet,
) {
  const [data, caFile] = [join(folder, 'vault.yaml'), join(folder, 'ca.crt')]
  writeFileSync(data, vaultData(fleet))
  const installed = await installFleet(cluster, fleet, rolesOf)
  const azure = await startEmulatorProcess({ access: readKubeconfig(kubeconfigFile), folder, data })
  writeFileSync(caFile, azure.caPem)
  return {
    container: installed.container,
    azure,
    env: {
      ...environmentOf(installed.container),
      AKV_INJECTOR_CLOUD: 'custom',
      AKV_INJECTOR_AUTHORITY_HOST: azure.url,
      AKV_INJECTOR_VAULT_URL: `${azure.url}/{vault}`,
      AKV_INJECTOR_CA_FILE: caFile,
      AKV_INJECTOR_DEFAULT_TENANT_ID: tenantId,
      KUBECONFIG: await accountKubeconfig({ api, kubeconfigFile, account: syncAccount, folder }),
    },
    async end() {
      await azure.stop()
      await installed.remove()
    },
  }
}
