import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'

export interface ServiceLoad {
  /** How many requests were answered. */
  readonly answered: () => number
  /** What the others met. */
  readonly failures: readonly string[]
  /** The values that were served, in the order in which they first came. */
  readonly values: () => readonly string[]
  /** Ends the load. */
  stop(): Promise<void>
}

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions: { readonly ready?: boolean }
  }[]
}

/** A pod that isn't ready any more serves for longer than this, so only an early end of a pod fails a request. */
const freshMs = 15_000
/** A new connection for each request, as a new client of the Service would open. */
const agent = new Agent({ keepAlive: false })

/** Sends requests to the ready pods of a Service without a break, as a node with kube-proxy would, which this one doesn't have. */
export function loadService(cluster: Cluster, { metadata }: KubeObject): ServiceLoad {
  const { namespace = '', name = '' } = metadata
  const end = new AbortController()
  const values = new Set<string>()
  const failures: string[] = []
  let answered = 0
  const send = async (address: string) => {
    try {
      values.add(await read(address))
      answered += 1
    } catch (error) {
      failures.push(`${address}: ${error}`)
    }
  }
  const run = async () => {
    while (!end.signal.aborted) {
      const sinceMs = performance.now()
      const addresses = await readyAddresses(cluster, namespace, name)
      if (addresses.length === 0) failures.push('no pod is ready')
      // This process may have been stopped meanwhile.
      if (performance.now() - sinceMs < freshMs) await Promise.all(addresses.map(send))
      await delay(100)
    }
  }
  const ended = run()
  return {
    answered: () => answered,
    failures,
    values: () => [...values],
    async stop() {
      end.abort()
      await ended
    },
  }
}

async function readyAddresses(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<readonly string[]> {
  const kind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { namespace } }
  const slices = await cluster.list(kind, `kubernetes.io/service-name=${name}`)
  return (slices as readonly EndpointSlice[]).flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses, conditions }) =>
      conditions.ready === false ? [] : addresses,
    ),
  )
}

const read = (address: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(`http://${address}:8080/value`, { agent }, (response) => {
      if (response.statusCode === 200) text(response).then((body) => resolve(body.trim()), reject)
      else reject(new Error(`HTTP status ${response.statusCode}`))
    })
    request.on('error', reject)
  })
