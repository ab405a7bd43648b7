import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '../../../../lib/reason-of.ts'
import type { Api } from '../../client/api.ts'
import { execute } from '../../node/machine/execute.ts'
import { forward } from '../../node/machine/forward.ts'
import type { Network } from '../../node/machine/network.ts'
import { readQuestion, writeAnswer } from './dns-message.ts'
import { clusterDomain, readServices, type ServiceEntry } from './service-table.ts'

/**
 * Does what kube-proxy and CoreDNS do in other clusters, well enough for experiments: connections to the cluster IP of a
 * Service reach a ready endpoint, and names in `cluster.local` have addresses. Names of vaults lead to the network's gateway. The bridge holds the cluster IPs, so they
 * are removed with it.
 */
export async function serveServices(
  api: Api,
  network: Network,
  { vaultDomain }: { readonly vaultDomain: string },
): Promise<void> {
  let services = await readServices(api)
  const served = new Map<string, { close(): void }>()
  const update = async () => {
    services = await readServices(api)
    for (const [key, listener] of served)
      if (!listenersOf(services).some((listener) => listener.key === key)) {
        listener.close()
        served.delete(key)
      }
    for (const { key, host, port } of listenersOf(services)) {
      // startPods serves the Service of the API server.
      if (served.has(key) || host === network.apiAddress) continue
      execute('ip', ['address', 'replace', `${host}/32`, 'dev', network.name])
      const to = () =>
        pick(listenersOf(services).find((listener) => listener.key === key)?.targets ?? [])
      served.set(key, await forward({ from: { host, port }, to }))
    }
  }
  await serveDns(network.gateway, (name) =>
    name.endsWith(`.${vaultDomain}`) ? [network.gateway] : addressesOf(services, name),
  )
  void repeat(update)
}

/** Errors go to the cluster's log. The API server may restart. */
async function repeat(update: () => Promise<void>): Promise<never> {
  for (;;) {
    await update().catch((error: unknown) => console.error(`services: ${reasonOf(error)}`))
    await delay(intervalMs)
  }
}

const listenersOf = (services: readonly ServiceEntry[]) =>
  services.flatMap(({ clusterIp, ports }) =>
    clusterIp === undefined
      ? []
      : ports.map(({ port, targets }) => ({
          key: `${clusterIp}:${port}`,
          host: clusterIp,
          port,
          targets,
        })),
  )

const pick = <T>(choices: readonly T[]): T | undefined =>
  choices[Math.floor(Math.random() * choices.length)]

/** Returns the addresses of a name, or undefined if there is no such name. */
export function addressesOf(
  services: readonly ServiceEntry[],
  name: string,
): readonly string[] | undefined {
  const found = services.find(({ dnsName }) => dnsName === name)
  if (found) return found.clusterIp === undefined ? found.addresses : [found.clusterIp]
  // An inner node of the tree, such as svc.cluster.local, exists but has no addresses (RFC 8020).
  const isInner = services.some(({ dnsName }) => dnsName.endsWith(`.${name}`))
  return isInner || name === clusterDomain ? [] : undefined
}

async function serveDns(
  host: string,
  find: (name: string) => readonly string[] | undefined,
): Promise<void> {
  const socket = createSocket('udp4', (message, { port, address }) => {
    const question = readQuestion(message)
    if (question) socket.send(writeAnswer(message, question, find(question.name)), port, address)
  })
  // A client that is gone must not end the cluster.
  socket.on('error', (error) => console.error(`dns: ${reasonOf(error)}`))
  socket.bind(53, host)
  await once(socket, 'listening')
}

const intervalMs = 1_000
