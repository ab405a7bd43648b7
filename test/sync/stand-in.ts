import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { kubeconfigText } from '../support/kubeconfig-text.ts'
import { startHttpsServer } from '../support/start-https-server.ts'
import type { Secret } from './managed-fields.ts'
import {
  type Answer,
  createSecretStore,
  type Operation,
  type SecretStore,
  status,
} from './secret-store.ts'

export interface Request {
  readonly method: string
  readonly path: string
  readonly contentType: string
  readonly body: unknown
}

export interface EventSeen {
  readonly account: string
  readonly type: string
  readonly reason: string
  readonly message: string
}

export interface StandIn {
  readonly kubeconfigFile: string
  readonly secrets: SecretStore
  readonly events: readonly EventSeen[]
  readonly requests: Request[]
  /** May answer in its place, or change things first. */
  before: (request: Request) => Answer | undefined | Promise<Answer | undefined>
  /** Gives tokens of accounts. */
  tokenOf: (namespace: string, name: string) => Promise<string>
  /** Creates or changes one, and tells those that watch. */
  putAccount(namespace: string, name: string, annotations: Readonly<Record<string, string>>): void
  deleteAccount(namespace: string, name: string): void
  annotationsOf(namespace: string, name: string): Readonly<Record<string, string>> | undefined
  /** Breaks all watches off. `event`: what they are told first. */
  endWatches(event?: object): void
  readonly watches: () => number
}

interface Account {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly annotations: Readonly<Record<string, string>>
  }
}

/** An API server over TLS that knows what sync asks of one. */
export async function startStandIn(t: Pick<Test, 'testdir' | 'teardown'>): Promise<StandIn> {
  const accounts = createAccounts()
  const secrets = createSecretStore()
  const events: EventSeen[] = []
  const standIn: StandIn = {
    kubeconfigFile: join(t.testdir(), 'kubeconfig'),
    secrets,
    events,
    requests: [],
    before: () => undefined,
    tokenOf: async () => 'a.b.c',
    putAccount: accounts.put,
    deleteAccount: accounts.delete,
    annotationsOf: accounts.annotationsOf,
    endWatches: accounts.endWatches,
    watches: accounts.watches,
  }

  async function answer(request: Request, query: URLSearchParams): Promise<Answer> {
    const { method, path, body } = request
    const own = await standIn.before(request)
    if (own) return own
    const [, namespace = '', kind, name, sub] =
      /^\/api\/v1\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? []
    if (kind === 'secrets') return answerSecret({ ...request, name, namespace, query, secrets })
    if (kind === 'serviceaccounts' && name === undefined)
      return [200, accounts.list(namespace, query)]
    if (kind === 'serviceaccounts' && sub === 'token') {
      const { metadata } = body as { metadata?: { uid?: string } }
      const uid = accounts.uidOf(namespace, name ?? '')
      if (uid === undefined) return status(404, 'NotFound')
      if (metadata?.uid !== undefined && metadata.uid !== uid) return status(409, 'Conflict')
      return [201, { status: { token: await standIn.tokenOf(namespace, name ?? '') } }]
    }
    if (kind === 'serviceaccounts' && sub === undefined && method === 'PATCH') {
      if (request.contentType !== 'application/merge-patch+json')
        return status(415, 'UnsupportedMediaType')
      return accounts.patch(namespace, name ?? '', body as AccountPatch)
    }
    if (kind === 'events' && method === 'POST') {
      const event = body as EventSeen & { involvedObject: { name: string } }
      const { type, reason, message, involvedObject } = event
      events.push({ account: `${namespace}/${involvedObject.name}`, type, reason, message })
      return [201, body as object]
    }
    return status(404, 'NotFound')
  }

  const { url, caPem } = await startHttpsServer(t, async (request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'https://x')
    const said = await text(request)
    const seen = {
      method: request.method ?? '',
      path,
      contentType: request.headers['content-type'] ?? '',
      body: said === '' ? undefined : JSON.parse(said),
    }
    standIn.requests.push(seen)
    if (query.get('watch') === 'true') {
      const own = await standIn.before({ ...seen, method: 'WATCH' })
      if (own === undefined) return accounts.watch(path, query.get('resourceVersion'), response)
      response.writeHead(own[0]).end(JSON.stringify(own[1]))
      return
    }
    const [code, body] = await answer(seen, query)
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const access = { server: url, caPem, token: 'stand-in-token' }
  writeFileSync(standIn.kubeconfigFile, kubeconfigText(access))
  return standIn
}

function answerSecret(
  request: Request & {
    readonly namespace: string
    readonly name: string | undefined
    readonly query: URLSearchParams
    readonly secrets: SecretStore
  },
): Answer {
  const { method, body, contentType, name, namespace, query, secrets } = request
  const manager = query.get('fieldManager') ?? 'unknown'
  if (method === 'POST') {
    const secret = body as Secret
    return secrets.post(`${namespace}/${secret.metadata.name}`, secret, manager)
  }
  // There is no right to list them.
  if (name === undefined) return status(403, 'Forbidden')
  const path = `${namespace}/${name}`
  const secret = secrets.get(path)
  if (method === 'GET') return secret ? [200, secret] : status(404, 'NotFound')
  if (method === 'DELETE')
    return secrets.delete(path, (body as { preconditions?: { uid: string } })?.preconditions?.uid)
  if (contentType === 'application/json-patch+json')
    return secrets.jsonPatch(path, body as readonly Operation[])
  if (contentType !== 'application/apply-patch+yaml') return status(415, 'UnsupportedMediaType')
  const force = query.get('force') === 'true'
  return secrets.apply(path, body as Secret, { manager, force })
}

interface AccountPatch {
  readonly metadata: {
    readonly uid?: string
    readonly annotations: Readonly<Record<string, string | null>>
  }
}

function createAccounts() {
  const accounts = new Map<string, Account>()
  const watching = new Set<{ readonly namespace: string; readonly response: ServerResponse }>()
  let version = 1
  const send = (type: string, account: Account) => {
    for (const { namespace, response } of watching)
      if (namespace === account.metadata.namespace)
        response.write(`${JSON.stringify({ type, object: account })}\n`)
  }
  return {
    uidOf: (namespace: string, name: string) => accounts.get(`${namespace}/${name}`)?.metadata.uid,
    watches: () => watching.size,
    list(namespace: string, query: URLSearchParams) {
      const all = [...accounts.values()].filter(({ metadata }) => metadata.namespace === namespace)
      const from = Number(query.get('continue') ?? 0)
      const to = from + Number(query.get('limit') ?? all.length)
      const more = to < all.length ? { continue: String(to) } : {}
      const metadata = { resourceVersion: String(version), ...more }
      return { kind: 'ServiceAccountList', metadata, items: all.slice(from, to) }
    },
    put(namespace: string, name: string, annotations: Readonly<Record<string, string>>) {
      version += 1
      const before = accounts.get(`${namespace}/${name}`)
      const uid = before?.metadata.uid ?? randomUUID()
      const metadata = { namespace, name, uid, resourceVersion: String(version), annotations }
      accounts.set(`${namespace}/${name}`, { metadata })
      send(before ? 'MODIFIED' : 'ADDED', { metadata })
    },
    annotationsOf: (namespace: string, name: string) =>
      accounts.get(`${namespace}/${name}`)?.metadata.annotations,
    patch(
      namespace: string,
      name: string,
      { metadata: { uid, annotations } }: AccountPatch,
    ): Answer {
      const account = accounts.get(`${namespace}/${name}`)
      if (!account) return status(404, 'NotFound')
      if (uid !== undefined && uid !== account.metadata.uid) return status(409, 'Conflict')
      version += 1
      const all = Object.entries({ ...account.metadata.annotations, ...annotations })
      const metadata = {
        ...account.metadata,
        resourceVersion: String(version),
        annotations: Object.fromEntries(
          all.filter((entry): entry is [string, string] => entry[1] !== null),
        ),
      }
      accounts.set(`${namespace}/${name}`, { metadata })
      send('MODIFIED', { metadata })
      return [200, { metadata }]
    },
    delete(namespace: string, name: string) {
      const account = accounts.get(`${namespace}/${name}`)
      if (!account) return
      version += 1
      accounts.delete(`${namespace}/${name}`)
      const metadata = { ...account.metadata, resourceVersion: String(version) }
      send('DELETED', { metadata })
    },
    watch(path: string, from: string | null, response: ServerResponse) {
      const namespace = path.split('/')[4] ?? ''
      const entry = { namespace, response }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      watching.add(entry)
      response.on('close', () => watching.delete(entry))
      for (const account of accounts.values())
        if (
          account.metadata.namespace === namespace &&
          Number(account.metadata.resourceVersion) > Number(from)
        )
          response.write(`${JSON.stringify({ type: 'MODIFIED', object: account })}\n`)
    },
    endWatches(event?: object) {
      const ending = [...watching]
      watching.clear()
      for (const { response } of ending) response.end(event && `${JSON.stringify(event)}\n`)
    },
  }
}
