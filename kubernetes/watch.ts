import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { OutlinePath } from '../lib/json/wanted-places.ts'
import type { ReadJson } from './bounded-json.ts'
import type { Connection } from './connection.ts'
import { maxObject, type UnreadObject } from './large-objects.ts'
import { readLines } from './read-lines.ts'

export interface WatchRequest {
  /** Such as `/api/v1/namespaces/team-a/serviceaccounts`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Called once the API server has accepted the watch. */
  readonly onOpen?: () => void
  readonly onEvent: (event: WatchEvent) => void
  /** Called after each event with how long it took to read it, and to do with it what `onEvent` did. */
  readonly onRead?: (event: WatchEvent, microseconds: number) => void
  /** Waits until there is time for an event. Meanwhile, nothing more is read. */
  readonly awaitTurn?: () => Promise<void>
  readonly signal: AbortSignal
  /** A connection without any data for this long is dead. */
  readonly quietMs: number
}

/** One line of the answer, unchecked. */
interface WatchEvent {
  readonly type?: unknown
  /** Of an object that is too large, only the outline. */
  readonly object?: unknown
}

/**
 * Watches until the API server ends the watch or `signal` aborts. The client's own Watch creates a connection pool for
 * each watch, and gives up after half a minute of silence.
 *
 * @throws Error if it can't start, or if the connection breaks
 */
export async function watch(
  connection: Pick<Connection, 'kubeConfig' | 'server' | 'outline' | 'clock'>,
  options: WatchRequest,
): Promise<void> {
  const { kubeConfig, server } = connection
  const { path, query, signal, quietMs } = options
  const access: RequestOptions = {}
  await kubeConfig.applyToHTTPSOptions(access)
  const url = new URL(`${server.href.replace(/\/$/, '')}${path}`)
  for (const [name, value] of Object.entries({ ...query, watch: 'true' }))
    url.searchParams.set(name, value)
  const sent = request(url, { ...access, method: 'GET', signal })
  sent.setTimeout(quietMs, () => sent.destroy(new Error('no data came for too long')))
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) {
    sent.destroy()
    throw new Error(`the API server answered ${response.statusCode} to a watch`)
  }
  options.onOpen?.()
  // If the connection breaks, reading the response throws.
  sent.on('error', (error) => response.destroy(error))
  const failed = new Promise<never>((_, reject) => {
    // If the connection breaks, or if we abort. Without a listener, that would end the process.
    response.on('error', reject)
  })
  try {
    await Promise.race([readEvents(response, { ...connection, ...options }), failed])
  } finally {
    sent.destroy()
  }
}

async function readEvents(
  stream: AsyncIterable<Uint8Array>,
  {
    outline,
    clock,
    awaitTurn,
    onEvent,
    onRead,
    signal,
  }: Pick<Connection, 'outline' | 'clock'> & WatchRequest,
): Promise<void> {
  const paths = linePaths(outline)
  for await (const { json, stopwatch } of readLines(stream, maxObject, { paths, clock })) {
    await awaitTurn?.()
    if (signal.aborted) return
    const event = stopwatch.time(() => readEvent(json))
    try {
      stopwatch.time(() => onEvent(event))
    } finally {
      onRead?.(event, stopwatch.microseconds())
    }
  }
}

const linePaths = (outline: readonly OutlinePath[]): readonly OutlinePath[] => [
  ['type'],
  ...outline.map((path) => ['object', ...path]),
]

/** The error of JSON.parse would quote the line, which may contain anything. */
function readEvent(line: ReadJson): WatchEvent {
  if (line.kind === 'outlined') {
    const { type, object = {} } = line.outline as WatchEvent
    return { type, object: { ...(object as object), isUnread: true } satisfies UnreadObject }
  }
  try {
    return JSON.parse(line.text)
  } catch {
    throw new Error('the API server sent a line that is not valid JSON')
  }
}
