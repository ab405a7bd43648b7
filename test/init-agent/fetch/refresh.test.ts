import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startState } from '../../../delivery/projection/refresh-content.ts'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import { keepFresh, refreshOnce } from '../../../init-agent/fetch/refresh.ts'
import { secretFile, secretVariable } from '../harness/pod.ts'
import { type SimulatedPod, simulatePod, stale } from '../harness/simulated-pod.ts'

t.test('the first wait is random, and each interval varies by up to a tenth', async (t) => {
  for (const [random, first, later] of [
    [0, 0, 90_000],
    [0.5, 50_000, 100_000],
    [0.99, 99_000, 109_800],
  ] as const) {
    const { clock, vault, run } = simulatePod(t, { files: [secretFile('a')] }, { random })
    vault.set('a', '1')
    await run([() => undefined, () => undefined])
    t.strictSame(clock.waits.map(Math.round), [first, later, later])
  }
})

t.test('a new value is written, an unchanged one touches nothing', async (t) => {
  const { vault, file, lines, run } = simulatePod(t, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
  })
  vault.set('a', '1')
  await run([() => vault.set('a', '2'), () => t.equal(file('files/a'), '2')])
  t.equal(file('env/env'), "A='2'\n")
  t.strictSame(
    lines
      .filter(({ message }) => message === 'changed values written')
      .map(({ changed }) => changed),
    [['A', 'a']],
  )
})

t.test(
  'a failed target keeps its value while the others change, and is reported once an interval',
  async (t) => {
    const { vault, file, lines, run } = simulatePod(t, {
      files: [secretFile('a'), secretFile('b')],
    })
    vault.set('a', '1').set('b', '1')
    await run([
      () => vault.set('a', '2').set('b', 'AKV_VAULT_UNAVAILABLE'),
      () => {
        t.equal(file('files/a'), '2')
        t.equal(file('files/b'), '1')
      },
      () => undefined,
    ])
    const told = stale(lines)
    t.equal(told.length, 3)
    t.match(told.at(-1), {
      level: 'warn',
      objects: [{ object: 'secret team-a:b', code: 'AKV_VAULT_UNAVAILABLE', staleSeconds: 250 }],
    })
  },
)

t.test('a failing object backs off, and is up to date again after the failure', async (t) => {
  const { vault, asked, file, lines, run } = simulatePod(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  const wait = () => undefined
  await run([
    () => vault.set('a', 'AKV_FORBIDDEN'),
    wait,
    wait,
    () => vault.set('a', '2'),
    wait,
    wait,
  ])
  // Tried in the 1st, 2nd and 4th; good in the 4th, and so in the 5th and 6th.
  t.equal(asked.filter((name) => name === 'a').length, 5)
  t.equal(stale(lines).length, 3, 'told in the 3rd too, though it sat that out')
  t.equal(file('files/a'), '2')
})

t.test('a pause that the vault asked for outlasts the interval', async (t) => {
  const { vault, asked, run } = simulatePod(
    t,
    { files: [secretFile('a')] },
    { retryAfterMs: 250_000 },
  )
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_THROTTLED'), ...Array(3).fill(() => undefined)])
  t.equal(asked.filter((name) => name === 'a').length, 2, 'in the 1st and the 4th')
})

t.test('a pinned version isn’t requested again', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = simulatePod(t, { files: [secretFile('a'), { path: 'p', object }] })
  vault.set('a', '1').set('pinned', '1')
  await run([() => undefined, () => undefined])
  t.strictSame(new Set(asked), new Set(['sign-in', 'a']))
})

t.test('an agent with pinned versions only requests nothing on a refresh', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = simulatePod(t, { files: [{ path: 'p', object }] })
  vault.set('pinned', '1')
  await run([() => undefined])
  t.strictSame(asked, [])
})

/** A pod whose value has changed since the first fetch, and whose agent can be stopped. */
async function stoppablePod(t: Test) {
  const stop = new AbortController()
  const notified: string[] = []
  let onNotified = () => undefined as unknown
  const application = createServer((request) => {
    notified.push(request.url ?? '')
    onNotified()
  }).listen(0, '127.0.0.1')
  await once(application, 'listening')
  t.teardown(() => {
    application.close()
    application.closeAllConnections()
  })
  const { port } = application.address() as AddressInfo
  const notify = `http://127.0.0.1:${port}/changed`
  const pod = simulatePod(t, { files: [secretFile('a')], notify })
  pod.vault.set('a', '1')
  const fetched = await firstFetch(pod.context)
  pod.vault.set('a', '2')
  pod.asked.length = 0
  return {
    ...pod,
    stop,
    notified,
    state: startState(pod.context.config, { ...fetched, goodAtMs: 0 }),
    context: { ...pod.context, signal: stop.signal },
    onNotified(act: () => unknown) {
      onNotified = act
    },
  }
}

/** The session, which does something before it answers a request for an object. */
const sessionWith = ({ session }: SimulatedPod['context'], act: () => unknown) => ({
  ...session,
  reader: {
    ...session.reader,
    read(...request: Parameters<typeof session.reader.read>) {
      act()
      return session.reader.read(...request)
    },
  },
})

t.test('after SIGTERM during a fetch, nothing is written or notified', async (t) => {
  const { context, state, stop, file, lines, asked, notified } = await stoppablePod(t)
  const before = lines.length
  const session = sessionWith(context, () => stop.abort())
  const refreshed = await refreshOnce({ ...context, session }, state)
  t.strictSame(asked, ['sign-in', 'a'], 'the fetch did run')
  t.equal(refreshed.state, state)
  t.equal(refreshed.result, undefined, 'no result for the metrics')
  t.equal(file('files/a'), '1')
  t.strictSame(notified, [])
  t.notOk(lines.slice(before).some(({ level }) => level !== 'debug'))
})

t.test('after SIGTERM during a wait, nothing is fetched', async (t) => {
  const { context, state, stop, asked } = await stoppablePod(t)
  let rests = 0
  const rest = async () => {
    rests += 1
    if (rests > 1) throw new Error('it waits again')
    stop.abort()
  }
  await keepFresh(context, { state, afterMs: 1000, rest })
  t.equal(rests, 1)
  t.strictSame(asked, [])
})

t.test('a notification that SIGTERM ends isn’t repeated, and causes no warning', async (t) => {
  const { context, state, stop, lines, notified, onNotified } = await stoppablePod(t)
  onNotified(() => stop.abort())
  await refreshOnce(context, state)
  t.strictSame(notified, ['/changed'])
  t.notOk(lines.some(({ level }) => level === 'warn'))
})
