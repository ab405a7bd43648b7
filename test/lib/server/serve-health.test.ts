import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type HealthOptions, serveHealth } from '../../../lib/server/serve-health.ts'
import { until } from '../../webhook/http/running-webhook.ts'
import { openWhileBlocked } from './open-while-blocked.ts'

async function serve(t: Test, options: Partial<HealthOptions> = {}) {
  const health = await serveHealth({
    listen: { host: '127.0.0.1', port: 0 },
    checks: { '/healthz': () => undefined },
    ...options,
  })
  t.teardown(() => health.close())
  const { port } = health.address
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
    return `${answer.status} ${await answer.text()}`
  }
  /** A connection from an address of its own choice, with something said on it. */
  const open = async (localAddress: string, said: string): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    socket.write(said)
    return socket
  }
  return { ask, open, port }
}

t.test('the health server answers checks and metrics, and nothing else', async (t) => {
  let problem: string | undefined = 'not yet'
  const { ask } = await serve(t, {
    checks: { '/readyz': () => problem },
    metrics: async () => 'a_metric 1\n',
  })
  t.equal(await ask('/readyz'), '503 not yet\n')
  problem = undefined
  t.equal(await ask('/readyz'), '200 ok\n')
  t.equal(await ask('/metrics'), '200 a_metric 1\n')
  t.equal(await ask('/metrics?name[]=a_metric'), '200 a_metric 1\n', 'a query changes nothing')
  t.equal(await ask('/readyz?verbose'), '200 ok\n')
  t.equal(await ask('/readyz', { method: 'POST', body: 'x' }), '405 expected GET\n')
  for (const path of ['/', '/__proto__', '/constructor', '/readyz/', '/metrics/'])
    t.equal(await ask(path), '404 not found\n', path)
})

t.test('the health server of a process without metrics answers 404 for them', async (t) => {
  const { ask } = await serve(t)
  t.equal(await ask('/metrics'), '404 not found\n')
})

t.test('metrics that fail give a 500, and the process goes on', async (t) => {
  const { ask } = await serve(t, { metrics: () => Promise.reject(new Error('no figures')) })
  t.equal(await ask('/metrics'), '500 the metrics cannot be read\n')
  t.equal(await ask('/healthz'), '200 ok\n')
})

t.test('a connection that can’t be accepted doesn’t end the process', async (t) => {
  const { ask } = await serve(t)
  let server: Server | undefined
  const channel = 'http.server.request.start'
  const find = (message: unknown) => {
    server = (message as { server: Server }).server
  }
  subscribe(channel, find)
  t.teardown(() => unsubscribe(channel, find))
  await ask('/healthz')
  server?.emit('error', Object.assign(new Error('accept ENFILE'), { code: 'ENFILE' }))
  t.ok(server)
  t.equal(await ask('/healthz'), '200 ok\n')
})

t.test('thousands of half-sent requests leave no more connections than the bound', async (t) => {
  const maxConnections = 64
  let closed = 0
  const { ask, open } = await serve(t, {
    onClosed: () => closed++,
    // Nothing is closed for its slowness here.
    limits: { maxConnections, requestTimeoutMs: 600_000, idleTimeoutMs: 600_000 },
  })
  let connected = 0
  for (let i = 0; i < 3_000; i++) {
    const socket = await open(`127.0.0.${2 + (i % 3)}`, 'GET /healthz HTTP/1.1\r\nx')
    connected++
    socket.resume().once('close', () => connected--)
    if (i % 300 === 0) t.equal(await ask('/healthz'), '200 ok\n', `after ${i}`)
  }
  await until(() => connected <= maxConnections)
  t.equal(connected, maxConnections, 'and no fewer')
  t.ok(closed >= 3_000 - maxConnections, 'the owner of the server can count the others')
  t.equal(await ask('/healthz'), '200 ok\n')
})

t.test('a request of a few kilobytes at most is read', async (t) => {
  const { open } = await serve(t)
  const socket = await open('127.0.0.1', `GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(5_000)}\r\n\r\n`)
  t.match(await text(socket), /^HTTP\/1.1 431 /)
})

t.test(
  'the health server closes the connection after each answer, even in the middle of a request',
  async (t) => {
    const { open } = await serve(t)
    const socket = await open(
      '127.0.0.1',
      'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n',
    )
    t.match(await text(socket), /^HTTP\/1.1 404 .*connection: close/s)
  },
)

t.test('a connection may stay open after metrics, but not after a check', async (t) => {
  const metrics = async () => 'a_metric 1\n'
  const { open } = await serve(t, { metrics, limits: { keepAliveMs: 600_000 } })
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
  const socket = await open('127.0.0.1', get('/metrics'))
  const [first] = await once(socket, 'data')
  t.match(String(first), /^HTTP\/1.1 200 .*a_metric 1\n$/s)
  socket.write(get('/healthz'))
  t.match(await text(socket), /^HTTP\/1.1 200 .*connection: close/s)

  const short = await serve(t, { metrics, limits: { keepAliveMs: 1 } })
  t.match(await text(await short.open('127.0.0.1', get('/metrics'))), /a_metric 1\n$/)
})

t.test('the health server closes silent and slow connections', async (t) => {
  const limits = { requestTimeoutMs: 50, idleTimeoutMs: 50, checkIntervalMs: 10 }
  const { open } = await serve(t, { limits })
  for (const said of ['', 'GET /healthz HT', 'GET /healthz HTTP/1.1\r\nhost: x\r\nx']) {
    // A connection that is closed before it is read ends with an error.
    const answer = await text(await open('127.0.0.1', said)).catch(() => '')
    t.match(answer, /^(HTTP\/1.1 408 .*)?$/s, said)
  }
})

t.test('a busy health server loses no connection of a probe', async (t) => {
  const { port } = await serve(t)
  await openWhileBlocked(t, port)
})
