import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { workerData } from 'node:worker_threads'
import { csiVolume } from '../../webhook/core/csi/example.ts'
import { exampleReview } from '../../webhook/http/review.ts'
import { flood, floods } from './flood-handshakes.ts'

/**
 * The server to attack. The attackers run in workers, so that they don't slow down the legitimate client.
 */
export interface Target {
  readonly port: number
  readonly healthPort: number
  readonly ca: string
  /** The duration of each attack. */
  readonly seconds: number
  /** Counts the connections of each flood of handshakes, and then those of bodies in records of one byte. */
  readonly sent: Int32Array
  /** This worker's number and the count of all, if they share the attacks and run them at once; else one after another. */
  readonly share?: { readonly worker: number; readonly workers: number }
}

const { port, healthPort, ca, seconds, share, sent } = workerData as Target
// The main thread may have raised its priority, which a new thread inherits. The attackers don't need that.
setPriority(0)
let endMs = 0
const isOver = () => performance.now() > endMs

const json = 'content-type: application/json\r\nhost: x'
const head = (lines: string) => `POST /mutate HTTP/1.1\r\n${json}\r\n${lines}\r\n\r\n`
const post = (body: string) => `${head(`content-length: ${Buffer.byteLength(body)}`)}${body}`

type Attack = () => Promise<void>

interface Held {
  readonly count: number
  readonly said: string
  /** The source address of a connection, by its number. */
  readonly address: (i: number) => string
}

/** Keeps `count` connections to a port open without finishing a request, and reopens those that are closed. */
const holdConnections =
  (to: number, { count, said, address }: Held): Attack =>
  async () => {
    const hold = async (_: unknown, i: number) => {
      while (!isOver()) {
        const socket = connect({ host: '127.0.0.1', port: to, localAddress: address(i) })
        socket.on('error', () => {}).on('data', () => {})
        socket.on('connect', () => socket.write(said))
        await untilClosedOr(socket, untilOver())
        if (!isOver()) await delay(1_000)
      }
    }
    await Promise.all(Array.from({ length: count }, hold))
  }

async function openTls(localAddress: string): Promise<TLSSocket> {
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca, localAddress }
  const socket = connectTls(options)
  socket.on('error', () => {})
  await new Promise<void>((resolve) => {
    socket.once('secureConnect', resolve).once('close', () => resolve())
  })
  return socket
}

interface Repeated {
  readonly address: string
  readonly callers?: number
  readonly isRead?: boolean
}

/**
 * Some clients send the same request repeatedly, each time on a new connection: every other one to the path for served
 * volumes.
 */
const repeat =
  (said: string, { address, callers = 2, isRead = true }: Repeated): Attack =>
  async () => {
    let calls = 0
    const call = async () => {
      while (!isOver()) {
        const socket = await openTls(address)
        if (isRead) socket.resume()
        else socket.pause()
        socket.write(
          calls++ % 2 === 0 ? said : said.replaceAll('POST /mutate ', 'POST /mutate/csi '),
        )
        await untilClosedOr(socket, Promise.race([delay(1_000), untilOver()]))
        await delay(200)
      }
    }
    await Promise.all(Array.from({ length: callers }, call))
  }

const largeBody = head('content-length: 3000000')

/** Bodies that grow by a byte now and then. */
async function drip(): Promise<void> {
  const call = async (_: unknown, i: number) => {
    while (!isOver()) {
      const socket = await openTls(`127.0.0.${4 + (i % 2)}`)
      socket.resume().write(largeBody)
      while (!socket.closed && !isOver()) {
        socket.write(' ')
        await delay(250)
      }
      socket.destroy()
      await delay(250)
    }
  }
  await Promise.all(Array.from({ length: 60 }, call))
}

/** Bodies of 300 connections from 50 addresses, in TLS records of one byte. A connection that is closed is opened again. */
async function trickle(): Promise<void> {
  const call = async (_: unknown, i: number) => {
    while (!isOver()) {
      const socket = await openTls(`127.3.0.${1 + (i % 50)}`)
      socket.resume().write(largeBody)
      Atomics.add(sent, floods.length, 1)
      // Node would join records that don't wait for each other.
      while (!socket.closed && !isOver())
        await new Promise<void>((resolve) => socket.write(' ', () => resolve()))
      socket.destroy()
      await delay(250)
    }
  }
  await Promise.all(Array.from({ length: 300 }, call))
}

async function untilClosedOr(socket: Socket, event: Promise<unknown>): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.race([closed, event])
  socket.destroy()
}

const untilOver = () => delay(Math.max(endMs - performance.now(), 0))
const reviewWith = (annotations: object) => JSON.stringify(exampleReview({ annotations }))
const key = (name: string) => `akv-injector.io/${name}`

const dearAnnotations = [
  { [key('agent-limits')]: `cpu=${'1'.repeat(64_000)}x` },
  { [key('refresh')]: `${'1'.repeat(64_000)}x` },
  { [key('secrets')]: `${' '.repeat(64_000)}x` },
  { [key('objects')]: ': '.repeat(30_000) },
  { [key('template.x')]: '$'.repeat(64_000) },
]

/** A pod with 40 containers. With 60 variables its patch would exceed the limit, with 30 it is just below. */
function largePatch(variables: number): string {
  const review = exampleReview()
  const { spec } = review.request.object
  const [container] = spec.containers
  const containers = Array.from({ length: 40 }, (_, i) => ({ ...container, name: `c${i}` }))
  const names = Array.from({ length: variables }, (_, i) => `${'X'.repeat(250)}${i}=a`)
  const annotations = { [key('vault')]: 'team-a', [key('env')]: names.join(',') }
  const metadata = { ...review.request.object.metadata, annotations }
  const object = { ...review.request.object, metadata, spec: { ...spec, containers } }
  return JSON.stringify({ ...review, request: { ...review.request, object } })
}

const oneByteChunks = '1\r\n \r\n'.repeat(1_000_000)
const silent = { count: 1_200, said: '' }
const halfSent = { count: 600, said: 'GET /healthz HTTP/1.1\r\nx' }

/** Reviews of pods with 32 classes: all of them absent, or all of them large. The namespace is the honest caller's. */
const manyClasses = (kind: 'absent' | 'hostile', namespace: string) => {
  const review = exampleReview({ annotations: {} })
  const { spec } = review.request.object
  const volumes = Array.from({ length: 32 }, (_, i) => csiVolume(`v${i}`, `${kind}-${i}`))
  const object = { ...review.request.object, spec: { ...spec, volumes } }
  const body = JSON.stringify({ ...review, request: { ...review.request, namespace, object } })
  return `POST /mutate/csi HTTP/1.1\r\n${json}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Each attack runs for some seconds, with all of its clients at once. */
const attacks: readonly (readonly Attack[])[] = [
  [holdConnections(port, { ...silent, address: (i) => `127.0.0.${2 + (i % 2)}` })],
  // Each connection has its own source address.
  [holdConnections(port, { ...silent, address: (i) => `127.1.${i >> 7}.${1 + (i & 127)}` })],
  [holdConnections(healthPort, { ...halfSent, address: (i) => `127.0.0.${2 + (i % 3)}` })],
  [drip],
  [trickle],
  ...floods.map((kind, i) => [
    () => flood(kind, { port, address: `127.0.0.${12 + i}`, isOver, sent }),
  ]),
  [
    `POST /x HTTP/1.1\r\n${json}\r\ncontent-length: 3000000\r\n\r\n`,
    `PUT /mutate HTTP/1.1\r\n${json}\r\ncontent-length: 3000000\r\n\r\n`,
    'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n',
    head('content-length: 9000000'),
  ].map((said) => repeat(said, { address: '127.0.0.6' })),
  [repeat(`${head('transfer-encoding: chunked')}${oneByteChunks}`, { address: '127.0.0.7' })],
  dearAnnotations.map((annotations) =>
    repeat(post(reviewWith(annotations)), { address: '127.0.0.8' }),
  ),
  [repeat(post(largePatch(60)), { address: '127.0.0.9' })],
  [repeat(post(largePatch(30)), { address: '127.0.0.10', callers: 40, isRead: false })],
  [repeat(post(reviewWith({})).repeat(20), { address: '127.0.0.10', callers: 20, isRead: false })],
  [repeat(manyClasses('absent', 'shop'), { address: '127.0.0.11', callers: 24 })],
  // Many addresses, whose classes could fill the memory while they wait to be parsed.
  Array.from({ length: 24 }, (_, i) =>
    repeat(manyClasses('hostile', 'shop'), { address: `127.2.0.${1 + i}`, callers: 1 }),
  ),
  // Through the API server, as somebody who may create classes and pods in another namespace.
  [repeat(manyClasses('hostile', 'evil'), { address: '127.0.0.1', callers: 1 })],
]

async function run(attackers: readonly Attack[]): Promise<void> {
  endMs = performance.now() + seconds * 1000
  await Promise.all(attackers.map((attacker) => attacker()))
}

if (share === undefined) for (const attackers of attacks) await run(attackers)
else await run(attacks.filter((_, i) => i % share.workers === share.worker).flat())
