import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { without } from '../support/needs/without.ts'
import { exampleReview } from '../webhook/http/review.ts'
import { buildGoClient, type GoGroup } from './harness/go-client.ts'
import { readMetric, startWebhookProcess } from './harness/webhook-process.ts'

const reviewOf = (annotations: object, containers = 0) => {
  const review = exampleReview({
    annotations: { 'akv-injector.io/vault': 'team-a', ...annotations },
  })
  const { spec } = review.request.object
  const more = Array.from({ length: containers }, (_, i) => ({
    ...spec.containers[0],
    name: `c${i}`,
  }))
  const object = {
    ...review.request.object,
    spec: { ...spec, containers: [...spec.containers, ...more] },
  }
  return JSON.stringify({ ...review, request: { ...review.request, object } })
}
const list = (count: number) => Array.from({ length: count }, (_, i) => `secret-number-${i}`).join()
const variables = (count: number) =>
  Array.from({ length: count }, (_, i) => `${'X'.repeat(100)}_${i}=a`).join()

/** Reviews whose answers have from 4 KB to 1.3 MB, most of them around the 64 KiB at which Node pauses a connection. */
const bodies = [
  ...[1, 50, 150, 250, 300, 350, 400, 450, 500, 600].map((count) =>
    reviewOf({ 'akv-injector.io/secrets': list(count) }),
  ),
  ...[20, 60, 120, 256].map((containers) =>
    reviewOf({ 'akv-injector.io/secrets': 'a', 'akv-injector.io/env': variables(4) }, containers),
  ),
]
const largest = reviewOf({ 'akv-injector.io/env': variables(24) }, 100)
const small = [JSON.stringify(exampleReview())]

const skip = without('go')
/** Together with the groups of the test below: 10,000 requests. */
const requests = 2_500

for (const isBusy of [false, true])
  for (const workers of [1, 8])
    t.test(
      `Go’s client gets every answer, ${workers} at once, on a ${isBusy ? 'busy' : 'quiet'} machine`,
      { skip },
      async (t) => {
        const client = await buildGoClient(t)
        const { port, ca } = await startWebhookProcess(t)
        if (isBusy) keepBusy(t)
        const group = (name: string, some: Partial<GoGroup>): GoGroup => ({
          name,
          workers,
          pauseMs: 0,
          requests: 100,
          bodies: small,
          ...some,
        })
        const results = await client({
          url: `https://127.0.0.1:${port}/mutate`,
          ca,
          groups: [
            group('all sizes', { bodies, requests }),
            group('the largest', { bodies: [largest], requests: 40 }),
            group('small ones of others', { workers: 4, pauseMs: 10, requests: 500 }),
            // A client's connections carry all sizes, so a large answer must not harm the small one that follows.
            group('large and small in turns', {
              bodies: [bodies[6] ?? '', ...small],
              requests: 500,
            }),
          ],
        })
        for (const { name, failures } of results) t.strictSame(failures, {}, name)
        const passed = results.reduce((sum, result) => sum + result.passed, 0)
        t.equal(passed, requests + 1_040, 'every request has an answer')
        t.ok((results[0]?.largestBytes ?? 0) > 200_000, `${results[0]?.largestBytes} bytes`)
        t.ok((results[1]?.largestBytes ?? 0) > 1_000_000, `${results[1]?.largestBytes} bytes`)
      },
    )

t.test('Go’s idle connection stays, beside silent ones of many addresses', { skip }, async (t) => {
  const client = await buildGoClient(t)
  const { port, healthPort, ca } = await startWebhookProcess(t)
  openSilently(t, port)
  const closed = () =>
    readMetric(healthPort, 'akv_injector_connections_closed_total{server="admission"}')
  const areClosed = async (count: number): Promise<void> => {
    while ((await closed()) < count) await setTimeout(100)
  }
  const [result] = await client({
    url: `https://127.0.0.1:${port}/mutate`,
    ca,
    groups: [
      {
        ...{ name: 'reviews', workers: 1, bodies: small },
        ...{ pauseMs: 4_000, requests: 5, untilEnd: true },
      },
    ],
    until: areClosed(1_000),
  })
  t.match(result, { connections: 1 })
  t.strictSame(result?.failures, {})
  t.ok((result?.passed ?? 0) >= 5, `${result?.passed} reviews passed`)
})

/** Opens 500 connections each second, each from its own address, until the test ends. */
function openSilently(t: Test, port: number): void {
  let count = 0
  const open = () => {
    const localAddress = `127.1.${(count >> 7) % 256}.${1 + (count++ & 127)}`
    const socket = connect({ host: '127.0.0.1', port, localAddress }).on('error', () => {})
    t.teardown(() => socket.destroy())
  }
  const timer = setInterval(() => {
    for (let i = 0; i < 5; i++) open()
  }, 10)
  t.teardown(() => clearInterval(timer))
}

/** Two threads that do nothing but work: the client's and the webhook's own turns become irregular. */
function keepBusy(t: Test): void {
  for (let i = 0; i < 2; i++) {
    const worker = new Worker('for (;;) Math.random()', { eval: true })
    t.teardown(() => worker.terminate())
  }
}
