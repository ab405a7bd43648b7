import t from 'tap'
import { runAgent } from '../../../init-agent/agent.ts'
import { serveStarting } from '../../../init-agent/metrics/serve-starting.ts'
import { systemClock } from '../../../lib/clock.ts'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'
import { makePod, secretFile } from '../harness/pod.ts'

t.test('how long an agent has been starting is served until it has started', async (t) => {
  const [port = 0] = await freePorts(1)
  const clock = fakeClock({})
  const ended = new AbortController()
  const context = { clock, log: memoryStateLog().stateLog.log }
  await serveStarting(context, { port, startMs: clock.now() - 61_500, ended: ended.signal })
  const url = `http://127.0.0.1:${port}/metrics`
  const seconds = async () =>
    /^akv_injector_agent_starting_seconds (.*)$/m.exec(await (await fetch(url)).text())?.[1]
  t.equal(await seconds(), '61')
  await clock.sleep(10_000)
  t.equal(await seconds(), '71')

  ended.abort()
  await t.rejects(fetch(url))
  const next = new AbortController()
  await serveStarting(context, { port, startMs: clock.now(), ended: next.signal })
  t.equal(await seconds(), '0', 'the port is free for the metrics of a running agent at once')
  next.abort()
})

t.test(
  'an agent that waits for the end of an outage serves it, and then its own metrics',
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets: 'a: hunter2' })
    const [port = 0] = await freePorts(1)
    const pod = await makePod(t, emulator, {
      files: [secretFile('a')],
      refreshSeconds: 300,
      timeoutSeconds: 900,
      outlastsOutages: true,
      metricsPort: port,
    })
    emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
    const stop = new AbortController()
    const { stateLog, lines } = memoryStateLog()
    const ready = Promise.withResolvers<void>()
    const agent = runAgent({
      config: pod.config,
      root: pod.root,
      env: {},
      stateLog,
      signal: stop.signal,
      // Each wait takes a hundredth of its time, so a minute is over soon.
      clock: { ...systemClock, now: () => systemClock.now() * 100, sleep: sleepBriefly },
      onReady: ready.resolve,
    })
    const scraped = async (pattern: RegExp) => {
      for (;;) {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`)
          .then((answer) => answer.text())
          .catch(() => '')
        if (pattern.test(text)) return text
        await systemClock.sleep(20)
      }
    }
    t.match(
      await scraped(/^akv_injector_agent_starting_seconds [1-9]/m),
      'akv_injector_build_info{component="agent"',
    )
    t.ok(lines.some(({ message }) => /retrying until this is over/.test(message)))
    emulator.clearFaults()
    await ready.promise
    t.notMatch(await scraped(/^akv_injector_agent_refreshes_total 0/m), 'starting_seconds')
    stop.abort()
    await agent
  },
)

const sleepBriefly: typeof systemClock.sleep = (ms, signal) => systemClock.sleep(ms / 100, signal)
