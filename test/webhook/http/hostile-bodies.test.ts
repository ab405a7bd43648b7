import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { maxBodyBytes } from '../../../webhook/body/max-body-bytes.ts'
import { exampleReview } from './review.ts'
import { serve, until } from './running-webhook.ts'
import { type Caller, firstSaid, openSocket, post } from './serving.ts'

const review = JSON.stringify(exampleReview())
const large = review.padEnd(2_000_000)
const json = 'content-type: application/json'

t.test('a request that is refused before its body arrives holds no memory', async (t) => {
  const { caller } = await serve(t, { finishMs: 50 })
  const early = {
    404: `POST /x HTTP/1.1\r\n${json}\r\ncontent-length: 3000000`,
    405: `PUT /mutate HTTP/1.1\r\n${json}\r\ncontent-length: 3000000`,
    413: `POST /mutate HTTP/1.1\r\n${json}\r\ncontent-length: 3145729`,
    415: 'POST /mutate HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 3000000',
  }
  const open: TLSSocket[] = []
  // As many as would fill the budget of 64 MiB.
  for (const [status, head] of Object.entries(early))
    for (let i = 0; i < 24; i++) {
      const socket = await openSocket(caller)
      t.teardown(() => socket.destroy())
      socket.write(`${head}\r\nhost: x\r\n\r\n`)
      t.match(await firstSaid(socket), new RegExp(`^HTTP/1.1 ${status} `))
      open.push(socket)
    }
  t.equal((await post(caller, large)).status, 200)
  t.notOk(
    open.some(({ closed }) => closed),
    `${open.length} callers could still send`,
  )
})

t.test('a caller can send the rest of a refused request, as Go’s client does', async (t) => {
  const { caller } = await serve(t)
  const bytes = 3_000_000
  const announced = `host: x\r\ncontent-length: ${bytes}\r\n\r\n`
  for (const [status, target] of [
    [404, '/x'],
    [415, '/mutate'],
  ] as const) {
    const socket = await openSocket(caller)
    socket.write(`POST ${target} HTTP/1.1\r\n${announced}`)
    t.match(await firstSaid(socket), new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*expected|served`))
    for (let sent = 0; sent < bytes; sent += 4_000)
      await new Promise<void>((resolve, reject) =>
        socket.write(Buffer.alloc(4_000), (error) => (error ? reject(error) : resolve())),
      )
    await once(socket, 'close')
  }
})

t.test('a refused request of more than an API server sends is cut off', async (t) => {
  const { caller } = await serve(t)
  for (const piece of [' ', ' '.repeat(0xffff)]) {
    const socket = await openSocket(caller)
    socket.on('error', () => {})
    socket.write('POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n')
    t.match(await firstSaid(socket), /^HTTP\/1.1 404 /)
    t.comment(`${await sendUntilClosed(socket, piece)} pieces sent`)
  }
  t.pass('both were closed')
})

t.test('a body without a length is refused, and its connection closed', async (t) => {
  const { caller } = await serve(t)
  for (const path of ['/mutate', '/mutate/csi']) {
    const socket = await openSocket(caller)
    socket.on('error', () => {})
    socket.write(
      `POST ${path} HTTP/1.1\r\n${json}\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`,
    )
    t.match(
      await firstSaid(socket),
      /^HTTP\/1.1 411 [\s\S]*expected a Content-Length, as an API server sends, found Transfer-Encoding/,
    )
    t.comment(`${await sendUntilClosed(socket, '1\r\n \r\n')} pieces sent`)
  }
  t.equal((await post(caller, review)).status, 200)
})

t.test('a body in records of one byte costs its sender the connection', async (t) => {
  const { caller } = await serve(t)
  const socket = await openSocket(caller)
  socket.on('error', () => {}).resume()
  socket.write(`POST /mutate HTTP/1.1\r\n${json}\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n`)
  const sent = await sendUntilClosed(socket, ' ')
  t.ok(sent < 3_000, `${sent} bytes sent, each in a record`)
  t.equal((await post(caller, review)).status, 200)
})

/** @returns how many pieces were written, one after another, until the connection was closed */
async function sendUntilClosed(socket: TLSSocket, piece: string): Promise<number> {
  let sent = 0
  for (; !socket.closed; sent++) {
    socket.write(piece)
    await delay(1)
  }
  return sent
}

t.test('a caller that drips its bodies makes room for another address', async (t) => {
  // Time stands still: later, the oldest makes room for the caller's own, too.
  const { caller } = await serve(t, { finishMs: 50, elapsedMs: () => 0 })
  const slow: TLSSocket[] = []
  for (let i = 0; i < 21; i++) slow.push(await drip(t, caller, '127.0.0.2'))
  const more = await drip(t, caller, '127.0.0.2')
  t.match(await firstSaid(more), / 429 .*too many large requests/s)
  t.notOk(slow.some(({ closed }) => closed))
  t.equal((await post(caller, large)).status, 200)
  await until(() => slow[0]?.closed === true)
  t.equal(slow.filter(({ closed }) => closed).length, 1, 'the oldest one')
})

t.test('small bodies pass while large ones take all there is', async (t) => {
  const { caller } = await serve(t, { finishMs: 50 })
  for (let i = 0; i < 21; i++) await drip(t, caller, '127.0.0.1')
  t.equal((await post(caller, review)).status, 200)
})

/** A body counts with what it announces: 21 of the largest fill the budget. */
async function drip(t: Test, caller: Caller, localAddress: string): Promise<TLSSocket> {
  const socket = await openSocket(caller, { localAddress })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  const head = `POST /mutate HTTP/1.1\r\n${json}\r\nhost: x\r\ncontent-length: ${maxBodyBytes}`
  socket.write(`${head}\r\nexpect: 100-continue\r\n\r\n`)
  // The webhook has read the headers then.
  await once(socket, 'data')
  socket.write('{')
  return socket
}
