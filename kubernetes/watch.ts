import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { createInterface } from 'node:readline'
import type { Connection } from './connection.ts'

export interface WatchOptions {
  /** As `/api/v1/namespaces/team-a/serviceaccounts`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Told once the API server has accepted the watch. */
  readonly onOpen?: () => void
  readonly onEvent: (event: WatchEvent) => void
  readonly signal: AbortSignal
  /** A connection on which nothing has come for so long is dead. */
  readonly quietMs: number
}

/** What a line of the answer says, unchecked. */
export interface WatchEvent {
  readonly type?: unknown
  readonly object?: unknown
}

/**
 * Watches until the API server ends it, or `signal` does. The client's own Watch makes a connection pool for each, and
 * gives up after half a minute of silence.
 *
 * @throws Error if it can't start, or if the connection breaks
 */
export async function watch(
  { kubeConfig, server }: Pick<Connection, 'kubeConfig' | 'server'>,
  options: WatchOptions,
): Promise<void> {
  const { path, query, onEvent, signal, quietMs } = options
  const access: RequestOptions = {}
  await kubeConfig.applyToHTTPSOptions(access)
  const url = new URL(`${server.href.replace(/\/$/, '')}${path}`)
  for (const [name, value] of Object.entries({ ...query, watch: 'true' }))
    url.searchParams.set(name, value)
  const sent = request(url, { ...access, method: 'GET', signal })
  sent.setTimeout(quietMs, () => sent.destroy(new Error('nothing came for too long')))
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) {
    sent.destroy()
    throw new Error(`the API server answered ${response.statusCode} to a watch`)
  }
  options.onOpen?.()
  // A broken connection makes the reader of the response throw.
  sent.on('error', (error) => response.destroy(error))
  const lines = createInterface(response)
  const failed = new Promise<never>((_, reject) => {
    // Both emit an error if the connection breaks, or if we abort. Without a listener, that would end the process.
    for (const source of [response, lines]) source.on('error', reject)
  })
  const read = (async () => {
    for await (const line of lines) onEvent(readEvent(line))
  })()
  try {
    await Promise.race([read, failed])
  } finally {
    sent.destroy()
  }
}

/** JSON.parse would quote the line, in which there may be anything. */
function readEvent(line: string): WatchEvent {
  try {
    return JSON.parse(line)
  } catch {
    throw new Error('the API server sent a line that is not valid JSON')
  }
}
