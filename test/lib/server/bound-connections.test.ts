import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { boundConnections } from '../../../lib/server/bound-connections.ts'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import type { PromptCaller } from './prompt-caller.ts'

t.test('a caller may be faster than the report that its answer was sent', async (t) => {
  const tls = await tlsFolder(t.testdir())
  const { certificatePem, keyPem } = await tls.issue()
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const wanted = 5
  let answers = 0
  const server = createServer({ cert: certificatePem, key: keyPem }, (_request, response) => {
    setImmediate(() => {
      response.end('x')
      answers++
      // This thread learns nothing before the caller has read the answer and sent its next request.
      if (answers < wanted) Atomics.wait(sent, 0, answers, 300_000)
    })
  })
  boundConnections(server, { maxConnections: 10 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const { port } = server.address() as AddressInfo
  const workerData: PromptCaller = { port, ca: tls.ca, sent }
  const worker = new Worker(new URL('prompt-caller.ts', import.meta.url), { workerData })
  t.teardown(() => worker.terminate())
  const answered = new Promise<void>((resolve) =>
    server.on('request', () => {
      if (answers === wanted) resolve()
    }),
  )
  await Promise.race([answered, once(worker, 'exit')])
  t.ok(answers >= wanted, 'each request of one connection is answered')
})

t.test('a caller that sends on without reading its answers loses its connection', async (t) => {
  const answers: ServerResponse[] = []
  const server = createHttpServer((_request, response) => {
    answers.push(response)
    // Below what makes Node itself stop reading.
    response.end('x'.repeat(10_000))
  })
  // Node closes none by itself.
  server.keepAliveTimeout = 0
  boundConnections(server, { maxConnections: 10 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection')
  const caller = await open(t, { port, localAddress: '127.0.0.1' })
  const [connection]: Socket[] = await accepted
  t.teardown(() => {
    connection?.destroy()
    server.close()
  })
  // The kernel holds the first answers, as many as it has room for.
  const unsent = () => answers.filter(({ writableFinished }) => !writableFinished)
  while (unsent().length < 2 && connection?.destroyed === false) {
    const { length } = answers
    caller.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    while (answers.length === length && !connection.destroyed) await delay(1)
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate)
  }
  t.ok(connection?.destroyed, `after ${answers.length} answers`)
  t.ok(unsent().length >= 1, 'of which the kernel took all but the last')
})

t.test('a connection that doesn’t read its answer makes room for another address', async (t) => {
  const server = createHttpServer(({ url }, response) => {
    response.writeHead(200, { 'content-length': 2 })
    // The rest of a large answer is written when the caller has read this.
    if (url === '/large') response.write('o')
    else response.end('ok')
  })
  boundConnections(server, { maxConnections: 4 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const call = async (path: string, localAddress: string) => {
    const socket = await open(t, { port, localAddress })
    await ask(socket, path)
    return socket
  }
  const stalled: Socket[] = []
  for (let i = 0; i < 4; i++) stalled.push(await call('/large', '127.0.0.2'))
  const honest = await call('/', '127.0.0.3')
  t.ok(honest.bytesRead > 0, 'it has an answer')
  while (!stalled.some(({ closed }) => closed)) await delay(5)
  t.equal(stalled.filter(({ closed }) => closed).length, 1)
})

t.test('silent connections of many addresses never close one that was used', async (t) => {
  const server = createHttpServer((_request, response) => response.end('ok'))
  // Node closes none by itself.
  server.keepAliveTimeout = 0
  const maxConnections = 64
  let closed = 0
  boundConnections(server, { maxConnections, onClosed: () => closed++ })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const kept = await open(t, { port, localAddress: '127.0.0.1' })
  await ask(kept)
  const { bytesRead } = kept
  const silent = 3 * maxConnections
  for (let i = 0; i < silent; i++) await open(t, { port, localAddress: `127.1.0.${1 + i}` })
  while (closed < silent + 1 - maxConnections) await delay(5)
  if (!kept.closed) await ask(kept)
  t.ok(kept.bytesRead > bytesRead, 'it carries another request')
})

interface Caller {
  readonly port: number
  readonly localAddress: string
}

async function open(t: Test, caller: Caller): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', ...caller })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends a request, and waits for the beginning of the answer or for the end of the connection. */
async function ask(socket: Socket, path = '/'): Promise<void> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
  await Promise.race([once(socket, 'data'), once(socket, 'close')])
}
