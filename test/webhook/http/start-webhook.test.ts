import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { startWebhook } from '../../../webhook/http/start-webhook.ts'
import { openWhileBlocked } from '../../lib/server/open-while-blocked.ts'
import { exampleReview } from './review.ts'
import { serve, until } from './running-webhook.ts'
import { type Caller, openSocket, post, untilClosed } from './serving.ts'
import { testSettings } from './test-settings.ts'

const review = JSON.stringify(exampleReview())

t.test('a pod is patched over TLS', async (t) => {
  const { caller } = await serve(t)
  const answer = await post(caller, review)
  t.equal(answer.status, 200)
  const { response } = JSON.parse(answer.body)
  t.match(response, { allowed: true, patchType: 'JSONPatch' })
  const operations = JSON.parse(Buffer.from(response.patch, 'base64').toString())
  t.ok(operations.length > 0)
})

t.test('the webhook speaks TLS 1.2 and 1.3 with HTTP/1.1, and nothing older', async (t) => {
  const { caller } = await serve(t)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await openSocket(caller, {
      maxVersion: version,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    t.equal(socket.getProtocol(), version)
    t.equal(socket.alpnProtocol, 'http/1.1')
    socket.destroy()
  }
  await t.rejects(
    openSocket(caller, {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    }),
  )
})

t.test('without a certificate it is alive and not ready, until there is one', async (t) => {
  const { caller, tls, health, ready, lines } = await serve(t, { empty: true })
  t.equal((await fetch(`${health}/healthz`)).status, 200)
  t.match(await ready(), /there is no usable certificate in/)
  await t.rejects(post(caller, review))
  await tls.write(await tls.issue())
  await until(async () => (await ready()) === 'ok\n')
  t.equal((await post(caller, review)).status, 200)
  // The links to the two files are made one after the other, so that the log may also name the second.
  const missing = lines
    .filter((line) => line.includes('no usable certificate'))
    .map((line) => /ENOENT.*\/(tls\.\w+)'/.exec(line)?.[1])
  t.ok(['tls.crt', 'tls.crt,tls.key'].includes(missing.join()), `said once: ${missing}`)
})

t.test('an expired certificate is not ready, and the log says so once', async (t) => {
  const { tls, ready, lines } = await serve(t, { empty: true })
  await tls.write(
    await tls.issue({ now: new Date(Date.now() - 3 * 24 * 3600_000), lifetimeDays: 1 }),
  )
  const isExpired = (text: string) => /the serving certificate expired at/.test(text)
  await until(async () => isExpired(await ready()))
  await until(() => lines.some(isExpired))
  await tls.write(await tls.issue())
  await until(async () => (await ready()) === 'ok\n')
  t.equal(lines.filter(isExpired).length, 1)
})

t.test('a new certificate is served to new connections, and old ones go on', async (t) => {
  const { caller, tls } = await serve(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const first = await post({ ...caller, agent }, review)
  await tls.write(await tls.issue())
  await until(async () => (await post(caller, review)).serialNumber !== first.serialNumber)
  const again = await post({ ...caller, agent }, review)
  t.equal(again.serialNumber, first.serialNumber, 'still the same connection')
  t.equal(again.status, 200)
})

t.test('a certificate that cannot be used is reported once, and the old one stays', async (t) => {
  const { caller, tls, lines, health, ready } = await serve(t)
  const first = await post(caller, review)
  const [renewed, foreign] = await Promise.all([tls.issue(), tls.issue()])
  await tls.write({ ...renewed, keyPem: foreign.keyPem })
  await until(() => lines.some((line) => line.includes("tls.key doesn't match")))
  await rm(`${tls.folder}/tls.key`)
  await until(() => lines.some((line) => line.includes('ENOENT')))
  t.equal((await post(caller, review)).serialNumber, first.serialNumber)
  t.equal(await ready(), 'ok\n')
  const metrics = await (await fetch(`${health}/metrics`)).text()
  t.match(metrics, /akv_injector_certificate_reload_failures_total [2-9]/)
  await tls.write(renewed)
  await until(async () => (await post(caller, review)).serialNumber !== first.serialNumber)
  t.notMatch(lines.join(''), 'PRIVATE KEY')
})

t.test('while it drains it is not ready, serves on, and lets each connection go', async (t) => {
  const drain = Promise.withResolvers<void>()
  const { webhook, caller, ready } = await serve(t, { drainMs: 1_000, sleep: () => drain.promise })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.equal((await post({ ...caller, agent }, review)).headers.connection, 'keep-alive')
  const closed = webhook.close()
  t.equal(webhook.close(), closed, 'closing twice is closing once')
  t.match(await ready(), /not ready: shutting down/)
  for (let i = 0; i < 3; i++) {
    const answer = await post({ ...caller, agent }, review)
    t.equal(answer.status, 200)
    t.equal(answer.headers.connection, 'close')
  }
  drain.resolve()
  await closed
  await t.rejects(post(caller, review), { code: 'ECONNREFUSED' })
})

t.test('a request that runs is finished before it stops', async (t) => {
  const { webhook, caller } = await serve(t)
  const socket = await openSocket(caller)
  const [start, rest] = [review.slice(0, 1000), review.slice(1000)]
  socket.write(`${head(`content-length: ${Buffer.byteLength(review)}`)}${start}`)
  const closed = webhook.close()
  const refused = () =>
    post(caller, review).then(
      () => false,
      (error) => error.code === 'ECONNREFUSED',
    )
  await until(refused)
  socket.write(rest)
  t.match(await untilClosed(socket), /^HTTP\/1.1 200 OK/)
  await closed
})

t.test('a request that never ends is cut off in the end', async (t) => {
  const { webhook, caller } = await serve(t, { finishMs: 50 })
  const socket = await openSocket(caller)
  socket.write(head('content-length: 5'))
  const said = untilClosed(socket)
  await webhook.close()
  t.equal(await said, '')
})

t.test('a slow connection to the webhook is closed', async (t) => {
  const limits = {
    headersTimeoutMs: 100,
    requestTimeoutMs: 200,
    checkIntervalMs: 20,
  }
  const { caller } = await serve(t, { limits })
  const starts = ['', 'POST /mutate HTTP/1.1\r\nx', head('content-length: 5')]
  for (const start of starts) {
    const socket = await openSocket(caller)
    socket.write(start)
    t.match(
      await untilClosed(socket),
      /^(HTTP\/1.1 408 .*)?$/s,
      `cut off after ${JSON.stringify(start)}`,
    )
  }
  await until(() => isAnswered(caller))
})

t.test('a connection that begins no handshake is closed', async (t) => {
  const { webhook, caller } = await serve(t, { limits: { handshakeTimeoutMs: 100 } })
  const bare = connectTcp({ host: '127.0.0.1', port: webhook.address.port })
  bare.on('error', () => {})
  await once(bare, 'close')
  await until(() => isAnswered(caller))
})

/** On a busy machine the short limits of a test can cut off an honest caller, too. */
const isAnswered = (caller: Caller): Promise<boolean> =>
  post(caller, review).then(
    ({ status }) => status === 200,
    () => false,
  )

t.test('a busy webhook loses no connection of an API server', async (t) => {
  const { caller } = await serve(t)
  await openWhileBlocked(t, caller.port)
})

t.test('bytes that are not TLS or HTTP do no harm', async (t) => {
  const { webhook, caller } = await serve(t)
  const bare = connectTcp({ host: '127.0.0.1', port: webhook.address.port })
  bare.on('error', () => {})
  bare.write('GET / HTTP/1.1\r\n\r\n')
  await once(bare, 'close')
  const garbage = [
    '\0'.repeat(100),
    'POST /mutate HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`,
    head('content-length: -1'),
    head('content-length: 5\r\ntransfer-encoding: chunked'),
    head('content-length: zz'),
    'GET /%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  ]
  for (const bytes of garbage) {
    const socket = await openSocket(caller)
    socket.write(bytes)
    t.match(await untilClosed(socket), /^HTTP\/1.1 4\d\d /, JSON.stringify(bytes.slice(0, 40)))
  }
  const hangsUp = await openSocket(caller)
  hangsUp.write(`${head('content-length: 100')}{`)
  hangsUp.destroy()
  t.equal((await post(caller, review)).status, 200)
})

t.test('a port that is taken is an error that says so', async (t) => {
  const { webhook } = await serve(t)
  const listen = { host: '127.0.0.1', port: webhook.healthAddress.port }
  await t.rejects(
    startWebhook({
      settings: {
        ...testSettings(t.testdirName),
        listen: { ...listen, port: 0 },
        healthListen: listen,
      },
      logStream: { write: () => {} },
    }),
    { code: 'EADDRINUSE' },
  )
})

const head = (line: string) =>
  `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${line}\r\n\r\n`
