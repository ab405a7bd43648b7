// Runs in a worker: an API server that is slow, and that has classes which are as expensive as they may be.

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { exampleClass } from '../../webhook/core/csi/example.ts'

export interface ClassServer {
  readonly key: string
  readonly cert: string
  /** How long it takes to answer. */
  readonly delayMs: number
  /** Counts the requests for `absent` and `hostile` classes. */
  readonly counts: Int32Array
}

const { key, cert, delayMs, counts } = workerData as ClassServer

const honest = JSON.stringify(exampleClass())
/** 40,000 empty parameters: above the bounds. */
const tooLarge = JSON.stringify(
  exampleClass(Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`p${i}`, '']))),
)
/** As many values as a class may have, and almost as many bytes. */
const large = JSON.stringify(
  exampleClass({
    unknown: 'x'.repeat(300_000),
    ...Object.fromEntries(Array.from({ length: 9_900 }, (_, i) => [`p${i}`, ''])),
  }),
)
const absent = (name: string) =>
  JSON.stringify({ kind: 'Status', status: 'Failure', details: { name }, code: 404 })

const server = createServer({ key, cert }, async ({ url = '' }, response) => {
  const name = url.slice(url.lastIndexOf('/') + 1)
  const kind = ['absent', 'hostile'].findIndex((prefix) => name.startsWith(prefix))
  if (kind !== -1) Atomics.add(counts, kind, 1)
  // Hostile classes arrive as fast as they can.
  if (kind !== 1) await delay(delayMs)
  response.writeHead(kind === 0 ? 404 : 200, { 'content-type': 'application/json' })
  if (kind === 0) response.end(absent(name))
  else if (kind === 1) response.end(Number(name.slice(-1)) % 2 === 0 ? large : tooLarge)
  else response.end(honest)
})
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
