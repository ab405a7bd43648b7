import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { parseBoundedJson } from '../../lib/parse-bounded-json.ts'
import { isObject } from '../../lib/shape.ts'
import { readBody } from '../body/read-body.ts'
import type { Lookup } from '../core/csi/looked-up.ts'
import type { ApiAccess, ApiCredentials } from './api-access.ts'

/** An object of the API server, by the path of its URL. */
export interface ObjectAddress {
  /** Begins with a slash. Made of valid names only. */
  readonly path: string
  readonly name: string
}

/** Reads one object. Never rejects. Gives `failed` soon after the signal aborts. */
export type GetObject = (address: ObjectAddress, signal: AbortSignal) => Promise<Lookup>

export interface ObjectReader {
  readonly get: GetObject
  /** Closes all connections. */
  close(): void
}

/** Enough for hundreds of reviews a second, and little for the API server. Further requests wait for a connection. */
const maxConnections = 16
const maxBytes = 1024 * 1024
const bounds = { maxDepth: 64, maxValues: 100_000 }

/**
 * Reads objects over a small pool of connections that are kept open. The token and the certificates are read anew for
 * each request, because the kubelet renews them in place.
 */
export function createObjectReader(access: ApiAccess): ObjectReader {
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' })

  async function get(address: ObjectAddress, signal: AbortSignal): Promise<Lookup> {
    let credentials: ApiCredentials
    try {
      credentials = await access.readCredentials()
    } catch {
      return failed("the webhook has no token for the API server (see csi in the chart's values)")
    }
    const send = () => sendGet({ access, credentials, agent, address, signal })
    try {
      const answer = await send().catch((error: unknown) => {
        if (isStale(error)) return send()
        throw error
      })
      return lookupOf(answer, address.name)
    } catch (error) {
      // The other connections may be as dead as this one. The next request should not have to find out.
      if (signal.aborted) closeIdle(agent)
      return failed(`the API server could not be reached (${codeOf(error)}); try again`)
    }
  }

  return { get, close: () => agent.destroy() }
}

interface Answer {
  readonly status: number
  /** Undefined if it has more than {@link maxBytes}. */
  readonly body: Buffer | undefined
}

function sendGet(options: {
  readonly access: ApiAccess
  readonly credentials: ApiCredentials
  readonly agent: Agent
  readonly address: ObjectAddress
  readonly signal: AbortSignal
}): Promise<Answer> {
  const { access, credentials, agent, address, signal } = options
  return new Promise((resolve, reject) => {
    const call = request({
      host: access.host,
      port: access.port,
      path: address.path,
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

/** The server closed a kept connection just when we used it. A GET may be repeated. */
const isStale = (error: unknown): boolean =>
  isObject(error) && error['wasReused'] === true && codeOf(error) === 'ECONNRESET'

function lookupOf({ status, body }: Answer, name: string): Lookup {
  switch (status) {
    case 200:
      return readFound(body)
    case 403:
      return { kind: 'forbidden' }
    case 404:
      // For a kind that it doesn't know, the API server answers without naming an object.
      return namesObject(body, name) ? { kind: 'absent' } : { kind: 'no-kind' }
    default:
      return failed(`the API server answered ${status} to the webhook; try again`)
  }
}

function readFound(body: Buffer | undefined): Lookup {
  if (body === undefined) return failed(`it is larger than ${maxBytes} bytes`)
  const parsed = parseBoundedJson(body, bounds)
  switch (parsed.kind) {
    case 'value':
      return isObject(parsed.value) ? { kind: 'found', object: parsed.value } : failed(notObject)
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
  const status = parsed?.kind === 'value' ? parsed.value : undefined
  const details = isObject(status) ? status['details'] : undefined
  return isObject(details) && details['name'] === name
}

const failed = (reason: string): Lookup => ({ kind: 'failed', reason })

/** The code of a system or TLS error, such as `ECONNREFUSED`. Messages may have anybody's text in them. */
function codeOf(error: unknown): string {
  const code = isObject(error) ? error['code'] : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no answer'
}

function closeIdle({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets))
    for (const socket of sockets ?? []) socket.destroy()
}
