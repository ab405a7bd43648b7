import type { ServerResponse } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { type WatchRequest, watch } from '../../kubernetes/watch.ts'
import { startHttpsServer } from '../support/servers/start-https-server.ts'

/**
 * Watches a server over TLS. Gives the events that came, and when the server has seen the connection end: an error thrown
 * outside of any promise would end the process before.
 */
async function watchWith(
  t: Test,
  answer: (response: ServerResponse) => void,
  options: Partial<Pick<WatchRequest, 'awaitTurn' | 'onRead'>> = {},
) {
  let nowMs = 0
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const { url, caPem } = await startHttpsServer(t, (_, response) => {
    response.on('close', resolve)
    answer(response)
  })
  const caData = Buffer.from(caPem).toString('base64')
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromClusterAndUser(
    { name: 'tests', server: url, caData, skipTLSVerify: false },
    { name: 'tests', token: 'x' },
  )
  const events: unknown[] = []
  const watching = watch(
    {
      kubeConfig,
      server: new URL(url),
      outline: [['metadata', '*']],
      clock: { now: () => nowMs },
    },
    {
      path: '/watched',
      query: {},
      onEvent: (event) => {
        if (event.type === 'ERROR') throw new Error('no more')
        events.push(event)
        // Whatever is done with an event takes 7 ms.
        nowMs += 7
      },
      signal: new AbortController().signal,
      quietMs: 10_000,
      ...options,
    },
  )
  const ended = closed.then(() => new Promise(setImmediate))
  return { events, watching, ended }
}

const event = (type: string) => `${JSON.stringify({ type, object: {} })}\n`

t.test('events come as they are sent, until the server ends them', async (t) => {
  const { events, watching } = await watchWith(t, (response) => {
    response.write(event('ADDED'))
    response.end(event('DELETED'))
  })
  await watching
  t.match(events, [{ type: 'ADDED' }, { type: 'DELETED' }])
})

t.test('a refusal is thrown, and leaves nothing behind, however slow its body is', async (t) => {
  const { watching, ended } = await watchWith(t, (response) => {
    response.writeHead(410, { 'content-type': 'application/json' })
    response.write('{"kind":"Status",')
  })
  await t.rejects(watching, /answered 410 to a watch/)
  await ended
})

t.test('an error in the handler of an event ends the watch', async (t) => {
  const { watching, ended } = await watchWith(t, (response) => {
    response.write(event('ERROR'))
  })
  await t.rejects(watching, /no more/)
  await ended
})

t.test('a connection that breaks off is thrown', async (t) => {
  const { events, watching, ended } = await watchWith(t, (response) => {
    response.write(event('ADDED'), () => response.destroy())
  })
  await t.rejects(watching)
  t.match(events, [{ type: 'ADDED' }])
  await ended
})

t.test('a line that is not valid JSON is not repeated', async (t) => {
  const { watching } = await watchWith(t, (response) => {
    response.write('{"hunter2\n')
  })
  await t.rejects(watching, { message: 'the API server sent a line that is not valid JSON' })
})

t.test('only the outline of a watch event that is too large is read', async (t) => {
  const items = Array.from({ length: 100_000 }, () => ({}))
  const values = { type: 'DELETED', object: { spec: { items }, metadata: { name: 'values' } } }
  const long = { object: { spec: 'x'.repeat(1_300_000), metadata: { name: 'bytes', n: 1 } } }
  const { events, watching } = await watchWith(t, (response) => {
    response.write(event('ADDED'))
    response.write(`${JSON.stringify(values)}\n`)
    response.write(`${JSON.stringify({ type: 'MODIFIED', ...long })}\n`)
    response.end(event('ADDED'))
  })
  await watching
  t.strictSame(events, [
    { type: 'ADDED', object: {} },
    { type: 'DELETED', object: { metadata: { name: 'values' }, isUnread: true } },
    { type: 'MODIFIED', object: { metadata: { name: 'bytes' }, isUnread: true } },
    { type: 'ADDED', object: {} },
  ])
})

t.test('while an event waits for its turn, nothing more is read', async (t) => {
  let turns = 0
  const { promise: turn, resolve: begin } = Promise.withResolvers<void>()
  const awaitTurn = async () => {
    turns += 1
    if (turns === 2) await turn
  }
  const large = (type: string) =>
    `${JSON.stringify({ type, object: { x: 'x'.repeat(500_000) } })}\n`
  const lines = 200
  let wasPaused = false
  const { events, watching } = await watchWith(
    t,
    (response) => {
      response.write(event('ADDED'))
      const write = (left: number): void => {
        if (left === 0) {
          response.end()
          return
        }
        // The connection is full long before everything has been written.
        if (response.write(large('MODIFIED'))) {
          write(left - 1)
          return
        }
        // The reader runs on this thread, too. If it weren't paused, it would read more in so many turns.
        let turnsLeft = 1_000
        const look = () => {
          if (turns >= 2) turnsLeft -= 1
          if (turnsLeft > 0) {
            next = setImmediate(look)
            return
          }
          wasPaused = true
          begin()
        }
        let next = setImmediate(look)
        response.once('drain', () => {
          clearImmediate(next)
          write(left - 1)
        })
      }
      write(lines)
    },
    { awaitTurn },
  )
  await watching
  t.ok(wasPaused)
  t.equal(events.length, lines + 1)
})

t.test('what an event takes is measured, even if it can’t be used', async (t) => {
  const costs: unknown[] = []
  const { watching } = await watchWith(
    t,
    (response) => {
      response.write(event('ADDED'))
      response.write(event('ADDED'))
      response.end(event('ERROR'))
    },
    { onRead: ({ type }, microseconds) => costs.push([type, microseconds]) },
  )
  await t.rejects(watching, { message: 'no more' })
  t.strictSame(costs, [
    ['ADDED', 7_000],
    ['ADDED', 7_000],
    ['ERROR', 0],
  ])
})
