// Runs as a process: sends the reviews of several tenants at the same time, and replies with what each of them found.

import { once } from 'node:events'
import { connect } from 'node:net'
import { type Connection, openConnection, type Target } from '../admission/connection.ts'
import { type Reviews, reviewsOf } from '../admission/reviews.ts'

/** Who sends what. */
export interface Tenant {
  readonly name: string
  /** The client's own address. */
  readonly from: string
  /** The namespace of its pods. */
  readonly namespace: string
  /** `silent`: connections that send nothing, and are opened again when the server closes them. */
  readonly sends: Reviews | 'silent'
  readonly connections: number
  /** Absent: each connection sends its next review when it has the answer to the previous one. */
  readonly perSecond?: number
}

export interface TenantsRequest {
  readonly target: Omit<Target, 'path' | 'from'>
  readonly tenants: readonly Tenant[]
  readonly durationMs: number
}

export interface TenantResult {
  readonly latenciesMs: readonly number[]
  readonly tookMs: number
  /** Reviews without an answer, or with another answer than a patch. */
  readonly failures: number
}

async function sendAll({ target, tenants, durationMs }: TenantsRequest): Promise<TenantResult[]> {
  const senders = await Promise.all(tenants.map((tenant) => openSender(tenant, target)))
  const startMs = performance.now()
  const results = senders.map((sender) => sender.run({ startMs, endMs: startMs + durationMs }))
  return await Promise.all(results)
}

interface Period {
  readonly startMs: number
  readonly endMs: number
}

interface Sender {
  run(period: Period): Promise<TenantResult>
}

async function openSender(tenant: Tenant, target: TenantsRequest['target']): Promise<Sender> {
  const { sends, from, connections } = tenant
  if (sends === 'silent') return openSilent(tenant, target)
  const path = sends === 'served' ? '/mutate/csi' : '/mutate'
  const texts = reviewsOf(sends).map((text) => inNamespace(text, tenant.namespace))
  const open = (i: number) =>
    openConnection({ ...target, path, from }, [...texts.slice(i % texts.length), ...texts])
  return new ReviewSender(
    open,
    await Promise.all(Array.from({ length: connections }, (_, i) => open(i * 25))),
    tenant.perSecond,
  )
}

const inNamespace = (text: string, namespace: string) =>
  text.replace('"namespace":"shop"', `"namespace":${JSON.stringify(namespace)}`)

class ReviewSender implements Sender {
  readonly #open: (i: number) => Promise<Connection>
  readonly #free: Connection[]
  readonly #perSecond: number | undefined
  readonly #latenciesMs: number[] = []
  #failures = 0

  constructor(
    open: (i: number) => Promise<Connection>,
    connections: readonly Connection[],
    perSecond: number | undefined,
  ) {
    this.#open = open
    this.#free = [...connections]
    this.#perSecond = perSecond
  }

  async run(period: Period): Promise<TenantResult> {
    if (this.#perSecond === undefined) await this.#sendAtFullLoad(period)
    else await this.#sendSteadily(period, this.#perSecond)
    for (const connection of this.#free) connection.close()
    const tookMs = performance.now() - period.startMs
    return { latenciesMs: this.#latenciesMs, tookMs, failures: this.#failures }
  }

  async #sendAtFullLoad({ endMs }: Period): Promise<void> {
    const sendOn = async (first: Connection) => {
      let connection = first
      while (performance.now() < endMs) connection = await this.#send(connection, performance.now())
      this.#free.push(connection)
    }
    await Promise.all(this.#free.splice(0).map(sendOn))
  }

  /** Measures from the time at which a review was due, so a server that pauses is charged for all of that time. */
  async #sendSteadily({ startMs, endMs }: Period, perSecond: number): Promise<void> {
    const sent: Promise<void>[] = []
    for (;;) {
      const dueMs = startMs + (sent.length / perSecond) * 1000
      if (dueMs >= endMs) break
      const connection = performance.now() >= dueMs ? this.#free.shift() : undefined
      if (connection === undefined) await new Promise((resolve) => setImmediate(resolve))
      else sent.push(this.#send(connection, dueMs).then((free) => void this.#free.push(free)))
    }
    await Promise.all(sent)
  }

  /** @returns the connection for the next review: the same one, or a new one after a failure */
  async #send(connection: Connection, dueMs: number): Promise<Connection> {
    try {
      await connection.request()
      this.#latenciesMs.push(performance.now() - dueMs)
      return connection
    } catch {
      this.#failures++
      connection.close()
      return await this.#open(this.#failures)
    }
  }
}

async function openSilent(
  { from, connections }: Tenant,
  { port }: Pick<Target, 'port'>,
): Promise<Sender> {
  const open = async () => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from })
    socket.on('error', () => socket.destroy())
    await Promise.race([once(socket, 'connect'), once(socket, 'close')])
    return socket
  }
  const sockets = new Set(await Promise.all(Array.from({ length: connections }, open)))
  return {
    async run({ startMs, endMs }) {
      const again = async (): Promise<void> => {
        if (performance.now() >= endMs) return
        keep(await open())
      }
      const keep = (socket: Awaited<ReturnType<typeof open>>) => {
        sockets.add(socket)
        socket.once('close', () => {
          sockets.delete(socket)
          void again()
        })
      }
      for (const socket of sockets) keep(socket)
      await new Promise((resolve) => setTimeout(resolve, endMs - performance.now()))
      for (const socket of sockets) socket.destroy()
      return { latenciesMs: [], tookMs: endMs - startMs, failures: 0 }
    },
  }
}

process.on('message', async (request: TenantsRequest) => process.send?.(await sendAll(request)))
process.send?.({ port: 0 })
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
