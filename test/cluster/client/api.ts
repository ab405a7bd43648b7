import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { readKubeconfig } from './kubeconfig.ts'

/** A Kubernetes object of any kind. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name?: string
    readonly namespace?: string
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

export interface Answer {
  readonly status: number
  /** The object, or a Status with the error. */
  readonly body: KubeObject & { readonly message?: string }
  /** The texts that `kubectl` prints after "Warning:". */
  readonly warnings: readonly string[]
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** The media type of the body; `application/json` by default. */
  readonly contentType?: string
  /** The media type of the answer; `application/json` by default. */
  readonly accept?: string
  /** The user to impersonate. */
  readonly as?: string
}

export interface Api {
  call(call: Call): Promise<Answer>
  close(): void
}

const json = 'application/json'

/** Returns a client of the cluster that a kubeconfig names. It reuses connections and never retries. */
export function connect(kubeconfigFile: string): Api {
  const { server, token, ...tls } = readKubeconfig(kubeconfigFile)
  const agent = new Agent({ keepAlive: true, maxSockets: 32, timeout: idleMs, ...tls })
  return {
    close: () => agent.destroy(),
    call: ({ method, path, query = {}, body, contentType = json, accept = json, as }) =>
      new Promise((resolve, reject) => {
        const url = new URL(path, server)
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
        const payload = body && JSON.stringify(body)
        const headers = {
          accept,
          ...(token && { authorization: `Bearer ${token}` }),
          // Without a length, Node sends the body of a DELETE as if it were the next request.
          ...(payload && {
            'content-type': contentType,
            'content-length': Buffer.byteLength(payload),
          }),
          ...(as && { 'impersonate-user': as }),
        }
        const sent = request(
          url,
          { method, agent, headers, timeout: silenceMs },
          async (response) => {
            try {
              const body = await text(response)
              const { statusCode: status = 0, headers } = response
              resolve({ status, body: parseBody(body), warnings: warningsOf(headers['warning']) })
            } catch (error) {
              reject(error)
            }
          },
        )
        sent.on('error', reject)
        sent.on('timeout', () =>
          sent.destroy(new Error(`no answer in ${silenceMs / 1000} s: ${method} ${path}`)),
        )
        sent.end(payload)
      }),
  }
}

/** The API server closes idle connections after 90 s, and a request that it meets fails. So the client closes them first. */
const idleMs = 30_000

/** The API server itself gives up after a minute (--request-timeout). */
const silenceMs = 90_000

/** The health endpoints answer with plain text. */
const parseBody = (body: string): Answer['body'] =>
  body.startsWith('{')
    ? JSON.parse(body)
    : { apiVersion: 'v1', kind: 'Text', metadata: {}, text: body }

/** `299 - "text", 299 - "text"`, with quotes and backslashes escaped (RFC 9111, as Kubernetes writes it). */
const warningsOf = (header: string | undefined): string[] =>
  [...(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  )
