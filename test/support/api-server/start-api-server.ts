import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { kubeconfigText } from '../kubeconfig-text.ts'
import { startHttpsServer } from '../servers/start-https-server.ts'
import { createAccounts, type ServiceAccounts } from './accounts.ts'
import { type ApiRequest, answerRequest, answerTokenRequest } from './answer-request.ts'
import { type ApiAnswer, brokenAnswer, failure } from './api-answer.ts'
import { type Classes, createClasses } from './classes.ts'
import { createExternalSecrets, type ExternalSecrets } from './external-secrets.ts'
import { createListPages } from './list-pages.ts'
import { createObjectStore, type ObjectStore } from './object-store.ts'
import { type ClientRights, createClientRights } from './rights.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import { createWatches } from './watches.ts'

export interface ApiServer {
  readonly kubeconfigFile: string
  readonly objects: ObjectStore
  readonly secrets: Secrets
  readonly accounts: ServiceAccounts
  readonly rights: ClientRights
  readonly classes: Classes
  readonly externalSecrets: ExternalSecrets
  readonly events: readonly EventSeen[]
  readonly requests: ApiRequest[]
  /** The number of connections made so far. */
  readonly connections: () => number
  readonly watches: () => number
  /** Ends all watches. `event`: what each of them gets first. */
  readonly endWatches: (event?: object) => void
  /** Called before each request is answered. It may answer in the server's place, or change objects first. */
  before: (request: ApiRequest) => ApiAnswer | undefined | Promise<ApiAnswer | undefined>
  /** Issues tokens for service accounts. */
  tokenOf: (namespace: string, name: string, audience?: string) => Promise<string>
  /** The time in each answer, if it isn't the real one. */
  date: Date | undefined
}

export interface EventSeen {
  /** `NAMESPACE/NAME`; for an object of another kind, with its kind before it. */
  readonly account: string
  readonly type: string
  readonly reason: string
  readonly message: string
}

/** The token in the kubeconfig. No other is accepted. */
const token = 'test-api-server-token'

/** Starts an API server over TLS that holds objects of any kind in memory, until the test ends. */
export async function startApiServer(t: Pick<Test, 'testdir' | 'teardown'>): Promise<ApiServer> {
  const watches = createWatches()
  const events: EventSeen[] = []
  const objects = createObjectStore(({ object }) => {
    watches.changed()
    const { kind, metadata } = object
    if (kind !== 'Event') return
    const event = object as unknown as EventSeen & {
      involvedObject: { kind: string; name: string }
    }
    const { type, reason, message, involvedObject } = event
    const isOfAccount = involvedObject.kind === 'ServiceAccount'
    const account = `${isOfAccount ? '' : `${involvedObject.kind} `}${metadata.namespace}/${involvedObject.name}`
    events.push({ account, type, reason, message })
  })

  const classes = createClasses(objects)
  const externalSecrets = createExternalSecrets(objects)
  const rights = createClientRights(objects)
  const listPage = createListPages(objects)

  async function answer(request: ApiRequest, authorization = ''): Promise<ApiAnswer | undefined> {
    if (authorization !== `Bearer ${token}`) return failure(401, 'Unauthorized')
    const injected = await server.before(request)
    const answered =
      injected ??
      rights.answer(request) ??
      classes.answer(request.path) ??
      externalSecrets.answer(request)
    if (answered || request.method === 'WATCH') return answered
    if (request.path.endsWith('/token'))
      return await answerTokenRequest(request, { objects, tokenOf: server.tokenOf })
    return answerRequest(request, { objects, listPage })
  }

  const { url, caPem, connections } = await startHttpsServer(t, async (incoming, response) => {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '', 'https://x')
    const { authorization, 'content-type': contentType = '' } = incoming.headers
    const sent = await text(incoming)
    const request = {
      method: query.get('watch') === 'true' ? 'WATCH' : (incoming.method ?? ''),
      path,
      query,
      contentType,
      body: sent === '' ? undefined : JSON.parse(sent),
    }
    server.requests.push(request)
    const answered = await answer(request, authorization)
    if (answered === undefined) {
      watches.open(response, { collection: path, query, objects })
      return
    }
    const [code, body] = answered
    if (answered === brokenAnswer) {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(body, () => response.destroy())
      return
    }
    if (server.date) response.setHeader('date', server.date.toUTCString())
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })

  const server: ApiServer = {
    kubeconfigFile: join(t.testdir(), 'kubeconfig'),
    objects,
    secrets: createSecrets(objects),
    accounts: createAccounts(objects),
    classes,
    externalSecrets,
    rights,
    events,
    requests: [],
    connections,
    watches: watches.count,
    endWatches: watches.end,
    before: () => undefined,
    tokenOf: async () => 'a.b.c',
    date: undefined,
  }
  writeFileSync(server.kubeconfigFile, kubeconfigText({ server: url, caPem, token }))
  return server
}
