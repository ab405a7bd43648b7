import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createFairLimit } from '../../lib/fair/fair-limit.ts'
import type { Caller } from '../../lib/fair/fair-queue.ts'
import { parseBoundedJson } from '../../lib/json/parse-bounded-json.ts'
import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import type { Lookup } from '../../requests/class/looked-up.ts'
import { readBody } from '../body/read-body.ts'
import type { TakeTurn } from '../sharing/turns.ts'
import type { ApiAccess, ApiCredentials } from './api-access.ts'
import { keepCredentials, noCredentials } from './keep-credentials.ts'

/** A request for one object of the API server. */
export interface ObjectRequest {
  /** Begins with a slash. Made of valid names only. */
  readonly path: string
  readonly name: string
  /** Whose review needs it. */
  readonly caller: Caller
  /** What to make of an object that was found. Default: it is given as it is. */
  readonly read?: (object: JsonObject) => Lookup
}

interface GotObject {
  readonly lookup: Lookup
  /** The size of the answer. */
  readonly bytes: number
}

/** Reads one object. Never rejects. Gives `failed` soon after the signal aborts. */
export type GetObject = (request: ObjectRequest, signal: AbortSignal) => Promise<GotObject>

/** The reason of a signal that is aborted because the time for an answer is up. */
export const timeIsUp: Error = new Error('the time for an answer of the API server is up')

interface ObjectGetterOptions {
  readonly access: ApiAccess
  readonly takeTurn: TakeTurn
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
}

/** Enough for hundreds of reviews a second, and little for the API server. Further requests wait for their turn. */
const maxConnections = 16
/** Far more than a class that can be served (docs/specification.md, "Bounds"), with room for what the API server adds. */
const maxBytes = 512 * 1024
const bounds = { maxDepth: 64, maxValues: 10_000 }

/**
 * Reads objects over a small pool of connections that are kept open. Callers take turns in using the connections, and in
 * having their answers parsed.
 */
export class ObjectGetter {
  readonly #options: Omit<ObjectGetterOptions, 'elapsedMs'>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' })
  readonly #limit = createFairLimit(maxConnections)
  readonly #credentials: ReturnType<typeof keepCredentials>

  constructor({ elapsedMs, ...options }: ObjectGetterOptions) {
    this.#options = options
    this.#credentials = keepCredentials(options.access.readCredentials, elapsedMs)
  }

  /** As {@link GetObject}. */
  get(request: ObjectRequest, signal: AbortSignal): Promise<GotObject> {
    // A place is taken until the answer is parsed, so that few answers are held at once.
    return this.#limit(request.caller, () => this.#fetchAndRead(request, signal))
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy()
  }

  async #fetchAndRead(request: ObjectRequest, signal: AbortSignal): Promise<GotObject> {
    const answer = await this.#fetchAnswer(request.path, signal)
    if ('failure' in answer) return { lookup: answer.failure, bytes: 0 }
    const bytes = answer.body?.length ?? maxBytes
    return await new Promise((resolve) => {
      this.#options.takeTurn(request.caller, () =>
        resolve({ lookup: signal.aborted ? failed('aborted') : lookupOf(answer, request), bytes }),
      )
    })
  }

  async #fetchAnswer(
    path: string,
    signal: AbortSignal,
  ): Promise<Answer | { readonly failure: Lookup }> {
    try {
      return signal.aborted ? { failure: failed('aborted') } : await this.#ask(path, signal)
    } catch (error) {
      if (error === noCredentials) return { failure: failed(noCredentials.message) }
      // The other connections may be as dead as this one. The next request should not have to find out.
      if (signal.reason === timeIsUp) closeIdle(this.#agent)
      return {
        failure: failed(`the API server could not be reached (${codeOf(error)}); try again`),
      }
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<Answer> {
    const kept = await this.#credentials.get()
    const answer = await this.#repeatIfStale(kept, { path, signal }).catch((error: unknown) => {
      if (isTlsError(error)) return error
      throw error
    })
    if ('status' in answer && answer.status !== 401) return answer
    const renewed = await this.#credentials.renew(kept)
    if (renewed !== kept) return await this.#repeatIfStale(renewed, { path, signal })
    if ('status' in answer) return answer
    throw answer
  }

  async #repeatIfStale(
    credentials: ApiCredentials,
    request: Pick<SentGet, 'path' | 'signal'>,
  ): Promise<Answer> {
    const { access } = this.#options
    const send = () => sendGet({ ...request, access, credentials, agent: this.#agent })
    return await send().catch((error: unknown) => {
      if (isStale(error)) return send()
      throw error
    })
  }
}

interface Answer {
  readonly status: number
  /** Undefined if it has more than {@link maxBytes}. */
  readonly body: Buffer | undefined
}

interface SentGet {
  readonly access: ApiAccess
  readonly credentials: ApiCredentials
  readonly agent: Agent
  readonly path: string
  readonly signal: AbortSignal
}

function sendGet({ access, credentials, agent, path, signal }: SentGet): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: access.host,
      port: access.port,
      path,
      ca: credentials.ca,
      agent,
      signal,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${credentials.token}`,
        'user-agent': 'akv-injector',
      },
    })
    call.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response
      const announcedBytes = Number(headers['content-length'] ?? 0)
      readBody(response, { announcedBytes, maxBytes }, (error, body) => {
        if (error !== null) return reject(error)
        if (body === undefined) response.destroy()
        resolve({ status, body })
      })
    })
    call.on('error', (error) => reject(Object.assign(error, { wasReused: call.reusedSocket })))
    call.end()
  })
}

/** The server's certificate isn't signed by the CA that we have, or is no longer valid. */
const isTlsError = (error: unknown): error is Error =>
  error instanceof Error && /CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(codeOf(error))

/** The server closed a kept connection just when we used it. A GET may be repeated. */
const isStale = (error: unknown): boolean =>
  isObject(error) && error['wasReused'] === true && codeOf(error) === 'ECONNRESET'

function lookupOf({ status, body }: Answer, { name, read }: ObjectRequest): Lookup {
  switch (status) {
    case 200:
      return readFound(body, read)
    case 403:
      return { kind: 'forbidden' }
    case 404:
      // For a kind that it doesn't know, the API server answers without naming an object.
      return namesObject(body, name) ? { kind: 'absent' } : { kind: 'no-kind' }
    default:
      return failed(`the API server answered ${status} to the webhook; try again`)
  }
}

function readFound(
  body: Buffer | undefined,
  read: ObjectRequest['read'] = (object) => ({ kind: 'found', object }),
): Lookup {
  if (body === undefined) return failed(`it is larger than ${maxBytes} bytes`)
  const parsed = parseBoundedJson(body, bounds)
  switch (parsed.kind) {
    case 'value':
      return isObject(parsed.value) ? read(parsed.value) : failed(notObject)
    case 'depth':
      return failed(`it is nested more than ${bounds.maxDepth} deep`)
    case 'values':
      return failed(`it has more than ${bounds.maxValues} values`)
    case 'not-json':
      return failed(notObject)
    default:
      return parsed satisfies never
  }
}

const notObject = 'the API server answered with something other than a JSON object'

function namesObject(body: Buffer | undefined, name: string): boolean {
  const parsed = body && parseBoundedJson(body, bounds)
  return parsed?.kind === 'value' && valueAt(parsed.value, 'details', 'name') === name
}

const failed = (reason: string): Lookup => ({ kind: 'failed', reason })

/** The code of a system or TLS error, such as `ECONNREFUSED`. Messages may have anybody's text in them. */
function codeOf(error: unknown): string {
  const code = valueAt(error, 'code')
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no answer'
}

function closeIdle({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets))
    for (const socket of sockets ?? []) socket.destroy()
}
