import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { serveMetrics } from '../../../init-agent/metrics/serve-metrics.ts'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { memoryLog } from '../../support/memory-log.ts'

t.test('a port that is taken is logged once, and tried again', async (t) => {
  const other = createServer().listen(0)
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const { log, lines } = memoryLog()
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const listen = serveMetrics({ log, signal: stop.signal }, { port, text: () => 'x 1\n' })
  await listen()
  await listen()
  t.match(
    lines.filter(({ level }) => level === 'warn'),
    [{ message: /cannot serve metrics/, port, reason: /EADDRINUSE/ }],
  )
  other.close()
  await once(other, 'close')
  await listen()
  await listen()
  t.match(lines.at(-1), { level: 'info', message: 'serving metrics', port })
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.equal(await response.text(), 'x 1\n')
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404)

  stop.abort()
  await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`), 'it stops with the agent')
  await listen()
  await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`))
})

t.test('connections are few, and a silent one gives way to a scraper', async (t) => {
  const [port = 0] = await freePorts(1)
  const stop = new AbortController()
  const listen = serveMetrics(
    { log: memoryLog().log, signal: stop.signal },
    { port, text: () => 'x 1\n' },
  )
  await listen()
  const silent = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined)
      t.teardown(() => socket.destroy())
      await once(socket, 'connect')
      return socket
    }),
  )
  t.equal(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), 'x 1\n')
  t.ok(silent.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length >= 12)
  stop.abort()
})
