import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { KubeObject } from '../cluster/client/api.ts'
import { kubeconfigText } from '../support/kubeconfig-text.ts'
import { startHttpsServer } from '../support/start-https-server.ts'

type Data = Record<string, unknown>

const token = 'stand-in-token'

export interface StandIn {
  readonly kubeconfigFile: string
  /** Method and path of each request that came. */
  readonly requests: string[]
  /** How many were made to it so far. */
  connections: () => number
  /** Set: every answer says this time. */
  date: Date | undefined
  /** Set: every answer is this one. */
  failure: { readonly status: number; readonly body: string } | undefined
}

/** An API server that knows Secrets and webhook configurations, and merges patches as the real one does. */
export async function startStandIn(t: Test): Promise<StandIn> {
  const objects = new Map<string, KubeObject>()
  let lastVersion = 0
  const standIn: StandIn = {
    kubeconfigFile: join(t.testdir(), 'kubeconfig'),
    requests: [],
    connections: () => 0,
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

  const server = await startHttpsServer(t, async (request, response) => {
    const { method = '', headers } = request
    const { pathname: path } = new URL(request.url ?? '', 'https://x')
    standIn.requests.push(`${method} ${path}`)
    const said = await text(request)
    const [code, body] =
      headers.authorization !== `Bearer ${token}`
        ? status(401, 'Unauthorized')
        : method === 'PATCH' && !/strategic-merge-patch/.test(headers['content-type'] ?? '')
          ? status(415, 'only strategic merge patches')
          : answer({ method, path, body: said === '' ? {} : JSON.parse(said) })
    if (standIn.date) response.setHeader('date', standIn.date.toUTCString())
    response.writeHead(standIn.failure?.status ?? code, { 'content-type': 'application/json' })
    response.end(standIn.failure?.body ?? JSON.stringify(body))
  })
  standIn.connections = server.connections
  const { url, caPem } = server
  writeFileSync(standIn.kubeconfigFile, kubeconfigText({ server: url, caPem, token }))
  return standIn
}

type Answer = readonly [number, object]

const status = (code: number, message: string): Answer => [
  code,
  { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code, message },
]

/** A strategic merge patch: objects merge, null deletes, webhooks merge by name, `$patch: delete` removes one. */
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
  const patchOf = (entry: Data) => patches.find(({ name }) => name === entry['name'])
  const added = patches.filter(({ name }) => !list.some((entry) => entry['name'] === name))
  return [...list.map((entry) => merge(entry, patchOf(entry) ?? {})), ...added].filter(
    (entry) => entry['$patch'] !== 'delete',
  )
}

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
