import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { InjectedPod } from '../../../support/injected-pods/injected-pod.ts'
import type { Api } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'

/** A node whose pods never run, and whose kubelet serves the logs that a test gives it. */
export interface StandInNode {
  readonly name: string
  /** By `NAMESPACE/POD`. */
  readonly logs: Map<string, string>
  /** Creates a pod on the node, with its status. */
  addPod(pod: InjectedPod, log?: string): Promise<void>
  close(): Promise<void>
}

/**
 * Adds such a node to the local cluster.
 *
 * @param kubeconfigFile - in the folder that has the kubelet's certificate, too
 */
export async function addStandInNode(api: Api, kubeconfigFile: string): Promise<StandInNode> {
  const name = 'stand-in'
  const logs = new Map<string, string>()
  const { port, close } = await serveLogs(dirname(kubeconfigFile), logs)
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
  expectSuccess(await api.call({ method: 'POST', path: '/api/v1/nodes', body: node }))
  await patchStatus(api, `/api/v1/nodes/${name}`, {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  })
  return {
    name,
    logs,
    async addPod(pod, log) {
      const { status, spec, metadata, ...rest } = pod
      const { uid: _, ...ownMetadata } = metadata
      const body = { ...rest, metadata: ownMetadata, spec: { ...(spec as object), nodeName: name } }
      const path = `/api/v1/namespaces/${metadata.namespace}/pods`
      expectSuccess(await api.call({ method: 'POST', path, body }))
      await patchStatus(api, `${path}/${metadata.name}`, status as object)
      if (log !== undefined) logs.set(`${metadata.namespace}/${metadata.name}`, log)
    },
    async close() {
      await api.call({ method: 'DELETE', path: `/api/v1/nodes/${name}` })
      close()
    },
  }
}

async function serveLogs(folder: string, logs: ReadonlyMap<string, string>) {
  const [cert, key] = ['kubelet.crt', 'kubelet.key'].map((file) => readFileSync(join(folder, file)))
  const server = createServer({ cert, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://x')
    const [, place = ''] = /^\/containerLogs\/([^/]+\/[^/]+)\/akv-injector$/.exec(pathname) ?? []
    const log = logs.get(place)
    if (log === undefined) {
      response.writeHead(500).end('no such container')
      return
    }
    const lines = log
      .split('\n')
      .slice(0, -1)
      .slice(-Number(searchParams.get('tailLines')))
    response.end(lines.map((line) => `${line}\n`).join(''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function patchStatus(api: Api, path: string, status: object): Promise<void> {
  const contentType = 'application/strategic-merge-patch+json'
  const call = { method: 'PATCH', path: `${path}/status`, body: { status }, contentType } as const
  expectSuccess(await api.call(call))
}
