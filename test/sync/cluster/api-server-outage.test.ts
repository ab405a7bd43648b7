import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import { ApiServerPinger } from '../../../sync/cluster/api-server-outage.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import { type ApiAnswer, brokenAnswer, failure } from '../../support/api-server/api-answer.ts'
import { startApiServer } from '../../support/api-server/start-api-server.ts'
import { kubeconfigText } from '../../support/kubeconfig-text.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { startSilentServer } from '../../support/servers/start-silent-server.ts'

const refused = new AkvError('AKV_CLUSTER_UNAVAILABLE', 'Secret team-a/db: no answer')

/** An outage whose pings fail with `failing`. */
function start() {
  const clock = manualClock()
  const { log, lines } = memoryLog()
  const stop = new AbortController()
  const state = { pings: 0, failing: undefined as AkvError | undefined }
  let hanging: PromiseWithResolvers<void> | undefined
  const ping = async () => {
    state.pings += 1
    await hanging?.promise
    if (state.failing) throw state.failing
  }
  const outage = new ApiServerPinger({ cluster: { ping }, clock, log, signal: stop.signal })
  /** From now on, pings hang until the promise resolves. */
  function hang() {
    state.failing = undefined
    hanging = Promise.withResolvers()
    return hanging
  }
  return { clock, lines, stop, state, outage, hang }
}

t.test('an outage begins when a ping fails, too, and ends when one is answered', async (t) => {
  const { clock, lines, state, outage } = start()
  await outage.over()
  t.notOk(outage.isOn())
  state.failing = new AkvError('AKV_CLUSTER_UNAVAILABLE', 'the API server answered 503')
  t.strictSame(
    await Promise.all(Array.from({ length: 50 }, () => outage.explains(refused))),
    Array(50).fill(true),
  )
  t.equal(state.pings, 1, 'all that fail at the same time share one ping')
  t.ok(outage.isOn())
  t.ok(await outage.explains(new Error('a watch broke')))
  t.equal(state.pings, 1)
  let isOver = false
  void outage.over().then(() => {
    isOver = true
  })
  await clock.pass(600_000)
  t.ok(state.pings > 120 && state.pings < 240, `${state.pings} pings in ten minutes`)
  t.notOk(isOver)
  state.failing = undefined
  await clock.pass(5_000)
  t.ok(isOver)
  t.notOk(outage.isOn())
  t.match(lines, [
    {
      level: 'warn',
      message: /^the API server is unavailable/,
      code: 'AKV_CLUSTER_UNAVAILABLE',
      reason: 'the API server answered 503',
    },
    { level: 'info', message: /^the API server is back/, seconds: Number },
  ])
  t.equal(lines.length, 2)
})

t.test('errors that an API server in service answers begin no outage', async (t) => {
  const { lines, state, outage } = start()
  for (const code of ['AKV_CLUSTER_FORBIDDEN', 'AKV_SECRET_REFUSED', 'AKV_NETWORK'] as const)
    t.notOk(await outage.explains(new AkvError(code, 'no')))
  t.equal(state.pings, 0)
  t.notOk(await outage.explains(refused), 'the ping is answered')
  state.failing = new AkvError('AKV_CLUSTER_FORBIDDEN', 'no right to list namespaces')
  t.notOk(await outage.explains(refused))
  t.equal(state.pings, 2)
  t.strictSame(lines, [])
})

t.test('a stop ends the pings, and nobody waits any more', async (t) => {
  const { clock, lines, stop, state, outage } = start()
  state.failing = refused
  t.ok(await outage.explains(refused))
  const over = outage.over()
  stop.abort()
  await over
  state.failing = undefined
  await clock.pass(60_000)
  t.equal(state.pings, 1)
  t.equal(lines.length, 1, 'no line says that it is back')
})

t.test('a stop doesn’t wait for a ping that hangs', async (t) => {
  const first = start()
  first.state.failing = refused
  await first.outage.explains(refused)
  const answer = first.hang()
  await first.clock.pass(1_000)
  t.equal(first.state.pings, 2)
  const over = first.outage.over()
  first.stop.abort()
  await over
  answer.resolve()
  await first.clock.pass(0)
  t.equal(first.lines.length, 1, 'no line says that it is back')

  const second = start()
  second.hang()
  const explained = second.outage.explains(refused)
  second.stop.abort()
  t.notOk(await explained)
  t.notOk(await second.outage.explains(refused))
  t.equal(second.state.pings, 1, 'nobody asks after the stop')
  t.strictSame(second.lines, [])
})

/** An outage of a real connection. */
function connect(t: Test, { file, timeoutMs }: { file: string; timeoutMs?: number }) {
  process.env['KUBECONFIG'] = file
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const { log } = memoryLog()
  const signal = stop.signal
  const cluster = connectCluster({ signal, ...(timeoutMs && { timeoutMs }) })
  return { cluster, outage: new ApiServerPinger({ cluster, clock: manualClock(), log, signal }) }
}

const db = { namespace: 'team-a', name: 'db' }
const event = {
  account: { namespace: 'team-a', name: 'web', uid: 'u', annotations: {} },
  type: 'Normal',
  reason: 'Synced',
  message: 'x',
} as const
const failuresOf = (cluster: SyncCluster) =>
  Promise.all(
    [cluster.readSecret(db), cluster.deleteSecret(db, 'u'), cluster.createEvent(event)].map(
      (request) =>
        request.then(
          () => undefined,
          (error: unknown) => error,
        ),
    ),
  )

const answers: readonly ApiAnswer[] = [
  brokenAnswer,
  [500, {}],
  [502, '<html>'],
  failure(503, 'ServiceUnavailable'),
  failure(504, 'Timeout'),
  failure(429, 'TooManyRequests'),
]

t.test('whatever fails within one namespace begins no outage', async (t) => {
  const apiServer = await startApiServer(t)
  const { cluster, outage } = connect(t, { file: apiServer.kubeconfigFile })
  const webhook = 'Internal error occurred: failed calling webhook "deny.example.com": refused'
  const quota = 'exceeded quota: pods'
  const terminating = { causes: [{ reason: 'NamespaceTerminating' }] }
  for (const answer of [
    ...answers,
    failure(500, 'InternalError', webhook),
    failure(413, 'RequestEntityTooLarge'),
    failure(409, 'Conflict'),
    failure(404, 'NotFound'),
    failure(403, 'Forbidden', quota),
    [403, { details: terminating }],
    failure(401, 'Unauthorized'),
  ] satisfies ApiAnswer[]) {
    apiServer.before = ({ path }) => (/\/namespaces\/team-a\//.test(path) ? answer : undefined)
    const errors = (await failuresOf(cluster)).filter((error) => error !== undefined)
    t.ok(errors.length >= 2, `${answer[0]}: the requests were refused`)
    for (const error of errors) t.notOk(await outage.explains(error))
  }
})

t.test('whatever fails for the whole cluster begins one', async (t) => {
  for (const answer of answers) {
    const apiServer = await startApiServer(t)
    const { cluster, outage } = connect(t, { file: apiServer.kubeconfigFile })
    apiServer.before = () => answer
    for (const error of await failuresOf(cluster))
      t.ok(await outage.explains(error), `${answer[0]}`)
  }
  for (const answer of [failure(401, 'Unauthorized'), failure(403, 'Forbidden')]) {
    const apiServer = await startApiServer(t)
    const { outage } = connect(t, { file: apiServer.kubeconfigFile })
    apiServer.before = () => answer
    t.notOk(await outage.explains(refused), 'it answers')
  }
})

t.test('so does an API server that hangs, or that nobody can connect to', async (t) => {
  const { port, close } = await startSilentServer(t)
  const file = `${t.testdir()}/kubeconfig`
  writeFileSync(file, kubeconfigText({ server: `https://127.0.0.1:${port}`, token: 'x' }))
  t.ok(await connect(t, { file, timeoutMs: 100 }).outage.explains(refused))
  close()
  t.ok(await connect(t, { file }).outage.explains(refused))
})
