import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { PacedTurns } from '../../../lib/fair/paced-turns.ts'
import { spreadHandshakes } from '../../../lib/server/spread-handshakes.ts'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'

interface Waiting {
  readonly address: string
  readonly work: () => void
}

/** Turns that come when the test says so, and ask nobody for room. */
function manualTurns() {
  const waiting: Waiting[] = []
  const left: (() => void)[] = []
  const turns: PacedTurns = {
    take: ({ address }, work) => void waiting.push({ address, work }),
    leave: (_caller, work) => void left.push(work),
  }
  return { turns, waiting, left }
}

async function serve(t: Test, { timeoutMs = 300_000 } = {}) {
  const tls = await tlsFolder(t.testdir())
  const { certificatePem, keyPem } = await tls.issue()
  const server = createServer({ cert: certificatePem, key: keyPem }, (_request, response) =>
    response.end('ok'),
  )
  const manual = manualTurns()
  const begun: Socket[] = []
  server.on('connection', (socket: Socket) => begun.push(socket))
  let hasRoom = (_address: string) => false
  spreadHandshakes(server, {
    timeoutMs,
    elapsedMs: () => 0,
    createTurns: (given) => {
      hasRoom = given
      return manual.turns
    },
  })
  const accepted: Socket[] = []
  server.on('connection', (socket: Socket) => accepted.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of accepted) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  const open = (localAddress = '127.0.0.1') => {
    const socket = connect({ host: '127.0.0.1', port, localAddress }).on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  const openSecurely = (localAddress: string) => {
    const options = { host: '127.0.0.1', servername: 'localhost', port, ca: tls.ca, localAddress }
    const socket = connectTls(options).on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  return { ...manual, ...{ server, accepted, begun, open, openSecurely, hasRoom } }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(5)
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

t.test('a handshake begins with its turn, for which its address waits', async (t) => {
  const { waiting, left, accepted, openSecurely } = await serve(t)
  const client = openSecurely('127.0.0.2')
  await until(() => waiting.length === 1)
  t.equal(waiting[0]?.address, '127.0.0.2')
  t.equal(accepted[0]?.bytesWritten, 0)
  waiting[0]?.work()
  await once(client, 'secureConnect')
  client.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const [answer] = await once(client, 'data')
  t.match(String(answer), /^HTTP\/1\.1 200 /)
  await until(() => accepted[0]?.closed === true)
  t.equal(waiting.length, 1, 'it waited once')
  t.equal(left.length, 0)
})

t.test('a silent connection waits for no turn, and is closed after a while', async (t) => {
  const { waiting, accepted, open } = await serve(t, { timeoutMs: 20 })
  const silent = open()
  await closed(silent.resume())
  await until(() => accepted[0]?.closed === true)
  t.equal(waiting.length, 0)
})

t.test('a connection whose turn doesn’t come is closed after a while', async (t) => {
  const { waiting, left, accepted, open } = await serve(t)
  const late = open().resume()
  late.write('x')
  await until(() => waiting.length === 1)
  accepted[0]?.setTimeout(1)
  await closed(late)
  await until(() => left.length === 1)
  t.equal(left[0], waiting[0]?.work, 'and gives up its turn')
})

t.test('a connection whose client hangs up gives up its turn', async (t) => {
  const { waiting, left, accepted, open } = await serve(t)
  const silent = open()
  await until(() => accepted.length === 1)
  silent.end()
  await until(() => accepted[0]?.closed === true)
  for (const hangUp of ['resetAndDestroy', 'end'] as const) {
    const gone = open()
    gone.write('x')
    const count = waiting.length
    await until(() => waiting.length > count)
    gone[hangUp]()
    await until(() => accepted.at(-1)?.closed === true)
    t.equal(left.at(-1), waiting.at(-1)?.work, hangUp)
  }
})

t.test('a client that says more than a hello before its turn is closed', async (t) => {
  const { accepted, open } = await serve(t)
  const client = open().resume()
  client.write(Buffer.alloc(16 * 1024))
  await until(() => accepted[0]?.bytesRead === 16 * 1024)
  t.notOk(accepted[0]?.destroyed)
  client.write('x')
  await closed(client)
})

t.test('a server that closes waits no longer than its connections may', async (t) => {
  const { server, waiting, accepted, open, openSecurely } = await serve(t)
  open().resume()
  openSecurely('127.0.0.2')
  await until(() => waiting.length === 1 && accepted.length === 2)
  const isClosed = once(server, 'close')
  server.close()
  for (const socket of accepted) socket.setTimeout(1)
  await isClosed
  t.ok(accepted.every(({ destroyed }) => destroyed))
})

t.test('bytes that aren’t a hello harm nobody', async (t) => {
  const { server, waiting, open, openSecurely } = await serve(t)
  const refused = once(server, 'tlsClientError')
  const client = open().resume()
  client.write('GET / HTTP/1.1\r\n\r\n')
  await until(() => waiting.length === 1)
  waiting[0]?.work()
  await Promise.all([refused, closed(client)])
  const honest = openSecurely('127.0.0.1')
  await until(() => waiting.length === 2)
  waiting[1]?.work()
  await once(honest, 'secureConnect')
})

t.test('an address that leaves many handshakes unfinished has no room for more', async (t) => {
  const { server, waiting, hasRoom, open, openSecurely } = await serve(t)
  for (let i = 0; i < 40; i++) {
    const count = waiting.length
    const finished = once(server, 'secureConnection')
    openSecurely('127.0.0.2')
    await until(() => waiting.length > count)
    waiting.at(-1)?.work()
    await finished
    t.ok(hasRoom('127.0.0.2'))
  }
  for (let i = 1; i <= 32; i++) {
    const count = waiting.length
    open('127.0.0.3').write('\x16')
    await until(() => waiting.length > count)
    waiting.at(-1)?.work()
    t.equal(hasRoom('127.0.0.3'), i < 32)
  }
  t.ok(hasRoom('127.0.0.2'))
})

t.test('of more than 128 handshakes that are unfinished, the oldest is closed', async (t) => {
  const { server, waiting, accepted, open, openSecurely } = await serve(t)
  const beginNext = async (start: () => void) => {
    const count = waiting.length
    start()
    await until(() => waiting.length > count)
    waiting.at(-1)?.work()
  }
  const finished = once(server, 'secureConnection')
  await beginNext(() => openSecurely('127.0.0.2'))
  await finished
  for (let i = 0; i < 130; i++) await beginNext(() => open('127.0.0.3').resume().write('\x16'))
  await until(() => accepted[1]?.closed === true && accepted[2]?.closed === true)
  t.equal(accepted.filter(({ destroyed }) => destroyed).length, 2)
  t.notOk(accepted[0]?.destroyed, 'the one that was finished stays')
})

t.test('a connection that was destroyed begins no handshake', async (t) => {
  const { waiting, accepted, begun, open } = await serve(t)
  for (const isDestroyed of [true, false]) {
    const count = waiting.length
    open().resume().write('x')
    await until(() => waiting.length > count)
    if (isDestroyed) accepted.at(-1)?.destroy()
    waiting.at(-1)?.work()
    t.strictSame(begun, isDestroyed ? [] : [accepted.at(-1)])
  }
})
