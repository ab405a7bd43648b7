import { once } from 'node:events'
import { readdirSync, utimesSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { makePod, secretFile, startAgent } from '../harness/pod.ts'

const scrape = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

/** Scrapes until the metrics match. The test's own time limit ends it. */
async function untilScraped(port: number, pattern: RegExp): Promise<string> {
  for (;;) {
    const text = await scrape(port)
    if (pattern.test(text)) return text
    await setTimeout(20)
  }
}

t.test('a refreshing agent serves its metrics', async (t) => {
  const expires = '2030-01-02T03:04:05Z'
  const emulator = await startTestEmulator(t, {
    secrets: `a: { value: hunter2, expires: ${expires} }`,
  })
  const [port = 0] = await freePorts(1)
  const pod = await makePod(t, emulator, {
    files: [secretFile('a')],
    refreshSeconds: 0.1,
    metricsPort: port,
  })
  const agent = startAgent(t, pod)
  await agent.line(/serving metrics/)
  const text = await scrape(port)
  t.match(text, 'akv_injector_build_info{component="agent",version="')
  const labels = 'vault="team-a",type="secret",name="a"'
  t.match(
    text,
    `akv_injector_agent_object_expiry_timestamp_seconds{${labels}} ${Date.parse(expires) / 1000}\n`,
  )
  t.match(text, `akv_injector_agent_object_created_timestamp_seconds{${labels}} `)
  await untilScraped(port, /^akv_injector_agent_staleness_seconds 0$/m)
  t.notMatch(text, 'hunter2')
  t.notMatch(text, 'notification_pending', 'only for pods with notify')
  const latency = 'akv_injector_agent_vault_request_duration_seconds'
  t.match(text, `# TYPE ${latency} histogram\n`)
  t.match(text, new RegExp(`^${latency}_count\\{vault="team-a",outcome="ok"\\} [1-9]`, 'm'))

  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  await untilScraped(port, /^akv_injector_agent_objects\{state="failing"\} 1$/m)
  t.match(
    await scrape(port),
    /^akv_injector_agent_vault_request_duration_seconds_count\{vault="team-a",outcome="failed"\} [1-9]/m,
  )
  t.match(
    await scrape(port),
    /^akv_injector_agent_failures_total\{code="AKV_\w+",vault="team-a"\} [1-9]/m,
  )
  emulator.clearFaults()
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'hunter3' })
  await untilScraped(port, /^akv_injector_agent_switches_total 1$/m)
  await untilScraped(port, /^akv_injector_agent_staleness_seconds 0$/m)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})

t.test('the metrics say whether the application is still to be notified', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const application = createHttpServer().listen(0, '127.0.0.1')
  await once(application, 'listening')
  t.teardown(() => application.close())
  const { port } = application.address() as { port: number }
  const [metricsPort = 0] = await freePorts(1)
  const pod = await makePod(t, emulator, {
    files: [secretFile('a')],
    refreshSeconds: 0.1,
    metricsPort,
    notify: `http://127.0.0.1:${port}/`,
  })
  const agent = startAgent(t, pod)
  await agent.line(/serving metrics/)
  const pending = (value: number) =>
    new RegExp(`^akv_injector_agent_notification_pending ${value}$`, 'm')
  await untilScraped(metricsPort, pending(0))
  const notified = once(application, 'request')
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  const [, response] = await notified
  await untilScraped(metricsPort, pending(1))
  response.writeHead(204).end()
  await untilScraped(metricsPort, pending(0))
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})

t.test('a port that is taken doesn’t stop the agent', async (t) => {
  const other = createServer().listen(0)
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port: metricsPort } = other.address() as { port: number }
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    files: [secretFile('a')],
    refreshSeconds: 0.1,
    metricsPort,
  })
  const agent = startAgent(t, pod)
  t.match(await agent.line(/cannot serve metrics/), { level: 'warn', port: metricsPort })
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await agent.line(/changed values written/)
  other.close()
  await agent.line(/serving metrics/)
  t.match(await scrape(metricsPort), /^akv_injector_agent_switches_total 1$/m)
})

const readiness = ({ files }: { readonly files: string }) =>
  readdirSync(files).filter((name) => ['..fresh', '..stale'].includes(name))

async function untilMarked(pod: { readonly files: string }, mark: string): Promise<void> {
  while (readiness(pod).join() !== mark) await setTimeout(20)
}

t.test('an agent makes its pod unready while the vault is down, and ready again', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    version: 3,
    files: [secretFile('a')],
    refreshSeconds: 0.1,
    staleAfterSeconds: 2,
  })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  await untilMarked(pod, '..fresh')
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  await agent.line(/no longer ready/)
  await untilMarked(pod, '..stale')

  agent.process.kill('SIGKILL')
  await agent.exited
  const restarted = startAgent(t, pod)
  await restarted.line(/could not be refreshed/)
  t.strictSame(readiness(pod), ['..stale'], 'a restart doesn’t make it ready')
  emulator.clearFaults()
  await restarted.line(/can be ready/)
  await untilMarked(pod, '..fresh')
})

t.test(
  'an agent that restarts during an outage keeps the pod ready for the rest of the time',
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets: 'a: one' })
    const pod = await makePod(t, emulator, {
      version: 3,
      files: [secretFile('a')],
      refreshSeconds: 1,
      staleAfterSeconds: 36_000,
    })
    const agent = startAgent(t, pod)
    await agent.line(/all files written/)
    await untilMarked(pod, '..fresh')
    agent.process.kill('SIGKILL')
    await agent.exited
    const fresh = join(pod.files, '..fresh')
    const hoursAgo = Date.now() / 1000 - 35_000
    utimesSync(fresh, hoursAgo, hoursAgo)
    emulator.addFault({ action: { kind: 'status', status: 503 } })
    const restarted = startAgent(t, pod)
    t.match(await restarted.line(/could not be refreshed/), { objects: [{ code: /AKV/ }] })
    const { objects } = (await restarted.line(/could not be refreshed/)) as unknown as {
      objects: readonly { staleSeconds: number }[]
    }
    t.ok((objects[0]?.staleSeconds ?? 0) >= 35_000, 'it knows since when')
    t.strictSame(readiness(pod), ['..fresh'])
  },
)
