import pLimit from 'p-limit'
import { InputError } from '../../command/input-error.ts'
import { asSentence } from '../../kubernetes/answers.ts'
import { openConnection, type ReadPart } from '../../kubernetes/connection.ts'
import { isBroken, type RawRequest, sendRaw } from '../../kubernetes/raw-requests.ts'
import { reasonOf } from '../../lib/reason-of.ts'
import { objectOutline } from '../../requests/access/object-outline.ts'
import { createNotices } from './notices.ts'

/** The options of all commands that ask a cluster. */
export interface ClusterOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
  readonly allNamespaces?: boolean
}

export type Cluster = ReturnType<typeof openCluster>

/** Reads a response chunk by chunk, and keeps only what it needs. */
export interface PartReader<T> {
  readonly read: ReadPart
  readonly end: () => T
}

const requestsAtOnce = 20
/** Longer than a controller waits, because a busy API server may take a while to send a page of 500 pods. */
const timeoutMs = 20_000
/** A page of 500 pods fits, unless they are unusually large. A laptop has more memory than the containers of our controllers. */
const pageBounds = { maxBytes: 16 * 1024 * 1024, maxValues: 512 * 1024 }

/**
 * Opens the cluster of a kubeconfig. The first request connects. If a connection breaks, a request is tried once more.
 *
 * @throws InputError if the kubeconfig can't be used
 */
export function openCluster({
  kubeconfig,
  context,
  namespace,
  allNamespaces = false,
}: ClusterOptions) {
  const signal = new AbortController().signal
  const connection = asInput(() =>
    openConnection({
      signal,
      timeoutMs,
      pageBounds,
      outline: objectOutline,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    }),
  )
  const limit = pLimit(requestsAtOnce)
  const twice = <T>(attempt: () => Promise<T>): Promise<T> =>
    limit(async () => {
      try {
        return await attempt()
      } catch (error) {
        if (!isBroken(error)) throw error
        return await attempt()
      }
    })
  const send = (request: RawRequest) => twice(() => sendRaw(connection, request))
  const { kubeConfig } = connection
  const ofContext = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace
  return {
    /** The namespace to look at; undefined for all of them. */
    namespace: allNamespaces ? undefined : (namespace ?? (ofContext || 'default')),
    notices: createNotices(),
    /** The time by the API server's clock, because the times in its objects are by that clock. */
    wallMs: () => connection.serverTime().getTime(),
    /**
     * Reads a response chunk by chunk. `start` makes a new reader for each try. Throws the errors of
     * `kubernetes/answers.ts`.
     */
    readParts: <T>(
      { path, query }: Required<Pick<RawRequest, 'path' | 'query'>>,
      start: () => PartReader<T>,
    ): Promise<T> =>
      twice(async () => {
        const { read, end } = start()
        await sendRaw(connection, { path, query, readPart: read })
        return end()
      }),
    get: async (path: string, query?: RawRequest['query']): Promise<unknown> =>
      parseAnswer(await send({ path, ...(query && { query }) })),
    /** Only for reviews and dry runs. None of these commands changes the cluster. */
    post: async (path: string, body: object, query?: RawRequest['query']): Promise<unknown> =>
      parseAnswer(await send({ path, body, ...(query && { query }) })),
  }
}

function asInput<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new InputError(reasonOf(error))
  }
}

/** The error of JSON.parse would quote the answer. */
function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the API server sent an answer that is not valid JSON')
  }
}

/**
 * Turns an error of the API server, or of the connection to it, into an error that ends the command with exit code 2.
 */
export function asClusterError(what: string, error: unknown): InputError {
  if (error instanceof InputError) return error
  const { message } = asSentence(error)
  return new InputError(`cannot read ${what}: ${message}`)
}
