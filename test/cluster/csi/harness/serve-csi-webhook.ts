import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { ApiAccess } from '../../../../webhook/api-server/api-access.ts'
import { policy } from '../../../webhook/core/policy.ts'
import { accountKubeconfig } from '../../client/account-kubeconfig.ts'
import { connect } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import type { CsiManifests } from '../../harness/install/csi-manifests.ts'
import { type ServedWebhook, serveWebhook } from '../../webhook/harness/serve-webhook.ts'

export interface ServedCsiWebhook extends ServedWebhook {
  /** Whether the webhook's requests to the API server stay without an answer. */
  setSilent(isSilent: boolean): void
}

/** The tenant of an administrator who sets one, as most do. */
const defaultTenantId = '11111111-1111-1111-1111-111111111111'

/**
 * Serves the webhook for this value of `csi.namespaces`. It looks up classes at the API server with a token of the installed
 * account, over a connection that can be made silent.
 */
export async function serveCsiWebhook(
  t: Test,
  cluster: Cluster,
  mode: CsiManifests = 'labelled',
): Promise<ServedCsiWebhook> {
  const { server, ca = '', token = '' } = await webhookAccount(t)
  const relay = await startRelay(t, { host: server.hostname, port: Number(server.port || 443) })
  const apiAccess: ApiAccess = {
    host: '127.0.0.1',
    port: relay.port,
    readCredentials: async () => ({ token, ca }),
  }
  const options = { policy: { ...policy, defaultTenantId }, csi: { mode, apiAccess } }
  return { ...(await serveWebhook(t, cluster, options)), setSilent: relay.setSilent }
}

async function webhookAccount(t: Test) {
  const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
  const api = connect(kubeconfigFile)
  const account = { name: 'akv-injector-webhook', namespace: 'akv-injector' }
  const file = await accountKubeconfig({ api, kubeconfigFile, account, folder: t.testdir() })
  api.close()
  return readKubeconfig(file)
}

/** Passes bytes on to the API server, or swallows them. */
async function startRelay(t: Test, target: { readonly host: string; readonly port: number }) {
  let isSilent = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connectTcp(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      const other = socket === client ? upstream : client
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk) => void (isSilent || upstream.write(chunk)))
    upstream.on('data', (chunk) => void client.write(chunk))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    setSilent: (value: boolean) => {
      isSilent = value
    },
  }
}
