import { once } from 'node:events'
import { Agent } from 'node:https'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { exampleReview } from './review.ts'
import { serve, until } from './running-webhook.ts'
import { type Caller, openSocket, post, untilClosed } from './serving.ts'

const review = JSON.stringify(exampleReview())

t.test('silent connections from elsewhere leave a kept-alive one alone', async (t) => {
  const maxConnections = 40
  const { caller, health } = await serve(t, { finishMs: 50, limits: { maxConnections } })
  const agent = keepAliveAgent(t)
  const before = await post({ ...caller, agent }, review)
  const silent = await openSilent(t, caller, 3 * maxConnections)
  await until(() => silent.filter(({ closed }) => !closed).length < maxConnections)
  const after = await post({ ...caller, agent }, review)
  t.equal(after.status, 200)
  t.equal(after.localPort, before.localPort, 'over the same connection')
  t.equal((await post(caller, review)).status, 200, 'a new connection is accepted, too')
  t.equal(silent.filter(({ closed }) => !closed).length, maxConnections - 2)
  const metrics = await (await fetch(`${health}/metrics`)).text()
  const closed = `akv_injector_connections_closed_total{server="admission"} ${2 * maxConnections + 2}`
  t.ok(metrics.includes(closed), 'and the metrics count those that were closed')
})

t.test('a new connection takes the place of its own address’s idle one', async (t) => {
  const { caller } = await serve(t, { finishMs: 50, limits: { maxConnections: 2 } })
  const agents = [keepAliveAgent(t), keepAliveAgent(t), keepAliveAgent(t)] as const
  const call = async (agent: Agent) => (await post({ ...caller, agent }, review)).localPort
  const [first, second] = [await call(agents[0]), await call(agents[1])]
  await call(agents[2])
  t.equal(await call(agents[1]), second)
  await until(() => Object.keys(agents[0].freeSockets).length === 0)
  t.not(await call(agents[0]), first)
})

t.test('an answered connection stays open for longer than a request may take', async (t) => {
  // A busy machine needs more time for a request.
  for (const limitMs of [500, 2_000, 8_000, 32_000]) if (await isKept(limitMs)) return void t.pass()
  t.fail('it was closed')

  async function isKept(limitMs: number): Promise<boolean> {
    const limits = { headersTimeoutMs: limitMs, requestTimeoutMs: limitMs, checkIntervalMs: 10 }
    const { caller } = await serve(t, { limits })
    const agent = keepAliveAgent(t)
    const call = () => post({ ...caller, agent }, review).catch(() => undefined)
    const before = await call()
    await delay(1.5 * limitMs)
    const after = await call()
    return before?.status === 200 && after?.localPort === before.localPort
  }
})

t.test('half a request does not keep its connection for ever', async (t) => {
  const { caller } = await serve(t, { finishMs: 50, limits: { maxConnections: 3 } })
  const starts = [
    'POST /mutate HTTP/1.1\r\nx',
    head('content-length: 5'),
    `${head('content-length: 5')}{`,
  ]
  const slow = await Promise.all(
    starts.map(async (start) => {
      const socket = await openSocket(caller, { localAddress: '127.0.0.2' })
      socket.on('error', () => {})
      socket.write(start)
      return socket.resume()
    }),
  )
  for (let i = 0; i < 3; i++) t.equal((await post(caller, review)).status, 200)
  await until(() => slow.some(({ closed }) => closed))
  t.pass('and a slow caller made room')
})

t.test('a connection that sends on without reading the answers is closed', async (t) => {
  const { caller } = await serve(t)
  const request = `${head(`content-length: ${Buffer.byteLength(review)}`)}${review}`
  const socket = await openSocket(caller)
  socket.write(request.repeat(3))
  const answers = (await untilClosed(socket)).match(/HTTP\/1.1 200/g) ?? []
  t.ok(answers.length < 3, `${answers.length} answers`)
  t.equal((await post(caller, review)).status, 200)
})

function keepAliveAgent(t: Test): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  return agent
}

/** TCP connections from two other addresses, on which nobody ever speaks. */
async function openSilent(t: Test, { port }: Caller, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (i % 2)}` })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    sockets.push(socket.resume())
  }
  return sockets
}

const head = (line: string) =>
  `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${line}\r\n\r\n`
