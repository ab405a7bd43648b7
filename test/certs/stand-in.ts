import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import type { KubeObject } from '../cluster/client/api.ts'
import { kubeconfigText } from './kubeconfig.ts'

type Data = Record<string, unknown>

export interface StandIn {
  readonly kubeconfigFile: string
  /** Method and path of each request that came. */
  readonly requests: string[]
  /** How many were made to it so far. */
  connections: number
  /** Set: every answer says this time. */
  date: Date | undefined
  /** Set: every answer is this one. */
  failure: { readonly status: number; readonly body: string } | undefined
}

/** An API server that knows Secrets and webhook configurations, and merges patches as the real one does. */
export async function startStandIn(t: Test): Promise<StandIn> {
  const access = await issueAccess()
  const objects = new Map<string, KubeObject>()
  let lastVersion = 0
  const standIn: StandIn = {
    kubeconfigFile: join(t.testdir(), 'kubeconfig'),
    requests: [],
    connections: 0,
    date: undefined,
    failure: undefined,
  }

  function store(path: string, object: KubeObject): KubeObject {
    lastVersion += 1
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(lastVersion) },
    }
    objects.set(path, stored)
    return stored
  }

  function answer(options: { method: string; path: string; body: Data }): Answer {
    const { method, path, body } = options
    if (method === 'POST') {
      const object = body as unknown as KubeObject
      return [201, store(`${path}/${object.metadata.name}`, object)]
    }
    const object = objects.get(path)
    if (object === undefined) return status(404, `${path} not found`)
    if (method === 'DELETE') objects.delete(path)
    if (method !== 'PATCH') return [200, object]
    const { resourceVersion } = (body['metadata'] ?? {}) as { resourceVersion?: string }
    if (resourceVersion !== undefined && resourceVersion !== object.metadata['resourceVersion'])
      return status(409, 'the object has been modified; please apply your changes')
    return [200, store(path, merge(object as unknown as Data, body) as unknown as KubeObject)]
  }

  const server = createServer(access.tls, async (request, response) => {
    const { method = '', headers } = request
    const { pathname: path } = new URL(request.url ?? '', 'https://x')
    standIn.requests.push(`${method} ${path}`)
    const said = await text(request)
    const [code, body] =
      headers.authorization !== `Bearer ${access.token}`
        ? status(401, 'Unauthorized')
        : method === 'PATCH' && !/strategic-merge-patch/.test(headers['content-type'] ?? '')
          ? status(415, 'only strategic merge patches')
          : answer({ method, path, body: said === '' ? {} : JSON.parse(said) })
    if (standIn.date) response.setHeader('date', standIn.date.toUTCString())
    response.writeHead(standIn.failure?.status ?? code, { 'content-type': 'application/json' })
    response.end(standIn.failure?.body ?? JSON.stringify(body))
  })
  server.on('secureConnection', () => {
    standIn.connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  writeFileSync(
    standIn.kubeconfigFile,
    kubeconfigText({ server: `https://127.0.0.1:${port}`, ...access }),
  )
  return standIn
}

type Answer = readonly [number, object]

const status = (code: number, message: string): Answer => [
  code,
  { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code, message },
]

/** A strategic merge patch: objects merge, null deletes, webhooks merge by name. */
function merge(object: Data, patch: Data): Data {
  const merged: Data = { ...object }
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete merged[key]
    else if (key === 'webhooks')
      merged[key] = mergeByName((object[key] ?? []) as Data[], value as Data[])
    else if (isData(value)) merged[key] = merge((merged[key] ?? {}) as Data, value)
    else merged[key] = value
  return merged
}

function mergeByName(list: readonly Data[], patches: readonly Data[]): Data[] {
  return list.map((entry) => merge(entry, patches.find(({ name }) => name === entry['name']) ?? {}))
}

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

async function issueAccess() {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'stand-in', now, lifetimeDays: 2 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'stand-in',
    dnsNames: [],
    ipAddresses: ['127.0.0.1'],
    now,
    lifetimeDays: 1,
  })
  const tls: ServerOptions = { cert: leaf.certificatePem, key: leaf.keyPem }
  const token = 'stand-in-token'
  return { tls, token, caPem: authority.certificatePem }
}
