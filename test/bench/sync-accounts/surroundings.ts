// Runs as a process: the API server and the emulator, with the number of accounts that its argument says. It reports how
// to reach them, and then, on request, how many accounts are in sync.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from '../../support/api-server/start-api-server.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { fleetAccounts, fleetVaults } from './fleet.ts'

export interface Surroundings {
  /** The variables that the controller needs. */
  readonly env: Readonly<Record<string, string>>
}

const accounts = fleetAccounts(Number(process.argv[2]))
const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
const untilTheEnd = { testdir: () => folder, teardown: () => undefined }
process.on('disconnect', () => {
  rmSync(folder, { recursive: true })
  process.exit()
})

const azure = await startTestEmulator(untilTheEnd, { yaml: fleetVaults(accounts) })
const apiServer = await startApiServer(untilTheEnd)
apiServer.tokenOf = (namespace, serviceAccount) =>
  azure.serviceAccountToken({ namespace, serviceAccount })
for (const { namespace, name, annotations } of accounts)
  apiServer.accounts.put(namespace, name, annotations)
for (const [namespace, of] of Map.groupBy(accounts, ({ namespace }) => namespace))
  apiServer.rights.enable(
    namespace,
    of.map(({ name }) => name),
  )

let synced = 0
apiServer.before = ({ method, path }) => {
  // Its status is the last thing that is written for an account.
  if (method === 'PATCH' && path.includes('/serviceaccounts/')) synced += 1
  apiServer.requests.length = 0
  return undefined
}

const caFile = join(folder, 'ca.crt')
writeFileSync(caFile, azure.caPem)
const env = {
  KUBECONFIG: apiServer.kubeconfigFile,
  AKV_INJECTOR_CLOUD: 'custom',
  AKV_INJECTOR_AUTHORITY_HOST: azure.url,
  AKV_INJECTOR_VAULT_URL: azure.vaultUrl,
  AKV_INJECTOR_CA_FILE: caFile,
}
process.on('message', () => process.send?.(synced))
process.send?.({ env } satisfies Surroundings)
