import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '../../client/api.ts'
import type { OpenNode } from '../harness/open-node.ts'
import { endDrain } from './rolled-workloads.ts'

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

interface ServingPod extends KubeObject {
  readonly status: { readonly podIP?: string }
}

/** A new connection for each request, as a new client of the Service would open. */
const agent = new Agent({ keepAlive: false })
/** To each pod at a time. */
const sideBySide = 3

/**
 * Sends requests to the ready pods of a Service without a break, as a node with kube-proxy would, which this one doesn't have.
 * Lets the pods end that end and aren't used any more, so that no request fails because this process was late.
 */
export function loadService(node: OpenNode, { metadata }: KubeObject): ServiceLoad {
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
    const released = new Set<unknown>()
    const release = async (pod: ServingPod) => {
      const { uid } = pod.metadata
      if (released.has(uid)) return
      released.add(uid)
      // Tried again with the next turn.
      await node.exec(pod, 'app', ...endDrain).catch(() => released.delete(uid))
    }
    let releases: readonly Promise<unknown>[] = []
    while (!end.signal.aborted) {
      const ending = await endingPods(node, { namespace, name })
      const addresses = await readyAddresses(node, { namespace, name })
      if (addresses.length === 0) failures.push('no pod is ready')
      const used = Array.from({ length: sideBySide }, () => addresses).flat()
      await Promise.all(used.map(send))
      // No request is under way now, and the next ones go to pods that are ready then.
      const unused = ending.filter(({ status }) => !addresses.includes(status.podIP ?? ''))
      releases = unused.map(release)
      await delay(100)
    }
    await Promise.all(releases)
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

interface ServiceName {
  readonly namespace: string
  readonly name: string
}

async function endingPods(
  { cluster }: OpenNode,
  { namespace, name }: ServiceName,
): Promise<readonly ServingPod[]> {
  const kind = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace } }
  const pods = (await cluster.list(kind, `app=${name}`)) as readonly ServingPod[]
  return pods.filter(({ metadata }) => metadata['deletionTimestamp'] !== undefined)
}

async function readyAddresses(
  { cluster }: OpenNode,
  { namespace, name }: ServiceName,
): Promise<readonly string[]> {
  const kind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { namespace } }
  const slices = await cluster.list(kind, `kubernetes.io/service-name=${name}`)
  return (slices as readonly EndpointSlice[]).flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses, conditions }) =>
      conditions.ready === false ? [] : addresses,
    ),
  )
}

/** Reads what a pod serves. */
export const read = (address: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(`http://${address}:8080/value`, { agent }, (response) => {
      if (response.statusCode === 200) text(response).then((body) => resolve(body.trim()), reject)
      else reject(new Error(`HTTP status ${response.statusCode}`))
    })
    request.on('error', reject)
  })
