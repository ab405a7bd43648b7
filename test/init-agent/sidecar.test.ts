import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startGateFileName, startGateVariable } from '../../delivery/contract.ts'
import { isFuzzing } from '../support/property-runs.ts'
import { startProxy } from '../support/servers/start-proxy.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, readOr, runToEnd, secretFile, secretVariable, startAgent } from './harness/pod.ts'
import { runAgentInProcess } from './harness/run-agent-in-process.ts'
import { runAgentOn, stoppedClock } from './harness/run-agent-on.ts'
import { cannotMount, makeTmpfs } from './harness/tmpfs.ts'

const atGate = {
  version: 4,
  opensGate: true,
  files: [secretFile('a')],
  refreshSeconds: 3600,
} as const
const read = (...path: readonly string[]) => readFileSync(join(...path), 'utf8')

t.test('a sidecar writes a rotated value, and ends on SIGTERM', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
    refreshSeconds: 0.1,
  })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  t.ok(existsSync(join(pod.files, '..data')), 'what the startup probe looks for')
  t.equal(read(pod.files, 'a'), 'one')
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await agent.line(/changed values written/)
  t.equal(read(pod.files, 'a'), 'two')
  t.equal(read(pod.env, 'env'), "A='two'\n")
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
  t.equal(read(pod.terminationLog), '')
})

t.test('the message of an agent that is killed doesn’t repeat old warnings', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')], refreshSeconds: 0.1 })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  await agent.line(/could not be refreshed/)
  agent.process.kill('SIGKILL')
  await agent.exited
  t.match(read(pod.terminationLog), /^The agent was killed, .*255: its node was restarted\./)
  t.notMatch(read(pod.terminationLog), /AKV_|503/)
})

t.test('a sidecar at a gate opens it last, and never closes it', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, atGate)
  const gate = join(pod.env, startGateFileName)
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  const agent = startAgent(t, pod)
  await agent.line(/AKV_VAULT_UNAVAILABLE/)
  t.equal(read(gate), '', 'what the kubelet finds while the agent waits')
  t.notOk(existsSync(join(pod.files, '..data')))
  emulator.clearFaults()
  while (read(gate) === '') await setTimeout(10)
  t.equal(read(pod.files, 'a'), 'one')
  t.equal(read(gate), `${startGateVariable}='true'\n`)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)

  // Restarted during an outage, with the set of before.
  emulator.addFault({ action: { kind: 'status', status: 503 } })
  const again = startAgent(t, pod)
  await again.line(/using the complete set/)
  t.match(read(gate), startGateVariable)
  again.process.kill('SIGTERM')
  t.equal(await again.exited, 0)
})

t.test('an agent that finds the set but no gate opens it', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    ...atGate,
    env: [secretVariable('A', 'a')],
  })
  t.equal(
    (await runAgentInProcess({ ...pod, config: { ...pod.config, refreshSeconds: 0 } })).code,
    0,
  )
  const gate = join(pod.env, startGateFileName)
  rmSync(gate)
  emulator.addFault({ action: { kind: 'status', status: 503 } })
  startAgent(t, pod)
  while (readOr(gate) === '') await setTimeout(10)
  t.match(read(gate), startGateVariable)
  t.equal(read(pod.env, 'env'), "A='one'\n")
})

t.test('a gate that cannot be prepared ends the agent with its reason', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, atGate)
  rmSync(pod.env, { recursive: true })
  const { code, termination } = await runAgentInProcess(pod)
  t.equal(code, 1)
  t.match(termination, 'AKV_WRITE_FAILED')
})

/** `npm test` tries two of the four. */
const waits = (
  [
    ['SIGTERM', 'entra'],
    ['SIGINT', 'vault'],
    ['SIGTERM', 'vault'],
    ['SIGINT', 'entra'],
  ] as const
).slice(0, isFuzzing ? 4 : 2)
for (const refreshSeconds of [0, 3600])
  t.test(
    `a signal during the first fetch ends ${refreshSeconds ? 'a sidecar with 0' : 'an init container with 1'}, whatever it waits for`,
    async (t) => {
      const emulator = await startTestEmulator(t, { secrets: 'a: one' })
      for (const [signal, service] of waits) {
        emulator.clearFaults()
        const seen = emulator.requests.length
        emulator.addFault({ match: { service }, action: { kind: 'delay', delayMs: 60_000 } })
        const pod = await makePod(t, emulator, { files: [secretFile('a')], refreshSeconds })
        const agent = startAgent(t, pod)
        while (!emulator.requests.slice(seen).some(({ path }) => isOf(service, path)))
          await setTimeout(10)
        agent.process.kill(signal)
        t.equal(await agent.exited, refreshSeconds ? 0 : 1)
        t.match(agent.lines.at(-1)?.message, `received ${signal}, stopping before everything`)
        t.equal(
          read(pod.terminationLog),
          refreshSeconds ? '' : `received ${signal}, stopping before everything was written`,
        )
        t.notOk(existsSync(join(pod.files, '..data')))
      }
    },
  )

const isOf = (service: 'entra' | 'vault', path: string) =>
  path.startsWith('/team-a/') === (service === 'vault')

t.test('a signal while the retries wait ends an init container with 1', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  emulator.addFault({
    match: { service: 'vault' },
    action: { kind: 'throttle', retryAfterSeconds: 600 },
  })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  const agent = startAgent(t, pod)
  await agent.line(/AKV_THROTTLED/)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 1)
})

t.test('a signal after everything is there ends an init container with 0', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  t.equal((await runToEnd(t, pod)).code, 0)
  // Restarted, it has the set of before, and takes a little time to look for a newer one.
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'delay', delayMs: 60_000 } })
  const agent = startAgent(t, pod)
  await agent.line(/using the complete set/)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
  t.equal(read(pod.files, 'a'), 'one')
})

t.test(
  'restarted with a complete set, it is ready at once, whatever the vault answers',
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets: 'a: one' })
    const pod = await makePod(t, emulator, {
      files: [secretFile('a')],
      env: [secretVariable('A', 'a')],
    })
    t.equal((await runAgentInProcess(pod)).code, 0)
    emulator.addFault({ action: { kind: 'status', status: 503 } })
    const seen = emulator.requests.length
    const { error, lines } = await runAgentOn(stoppedClock, pod)
    t.equal(error, undefined)
    t.match(lines[0], { message: 'using the complete set left by a previous run' })
    t.ok(lines.some(({ level, objects }) => level === 'warn' && objects))
    t.ok(emulator.requests.length - seen <= 2, 'one try, without retries')
    t.equal(read(pod.files, 'a'), 'one')
  },
)

t.test('restarted with a complete set, it writes what has changed since', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  t.equal((await runAgentInProcess(pod)).code, 0)
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  const { lines } = await runAgentOn(stoppedClock, pod)
  t.match(lines.at(-1), { message: 'changed values written' })
  t.equal(read(pod.files, 'a'), 'two')

  emulator.rotate({ vault: 'team-a', name: 'a', value: 'three' })
  const agent = startAgent(t, { ...pod, config: { ...pod.config, refreshSeconds: 3600 } })
  await agent.line(/changed values written/)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
  t.equal(read(pod.files, 'a'), 'three')
})

t.test('restarted with a JSON object without properties, it is ready at once', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: "a: '{}'" })
  const pod = await makePod(t, emulator, { files: [secretFile('a', { property: '*' })] })
  t.equal((await runAgentInProcess(pod)).code, 0)
  emulator.addFault({ action: { kind: 'status', status: 503 } })
  const { code, lines } = await runAgentInProcess(pod)
  t.equal(code, 0)
  t.match(lines[0], { message: 'using the complete set left by a previous run' })
})

t.test('an incomplete set is fetched again as a whole', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one\nb: one' })
  const pod = await makePod(t, emulator, {
    files: [secretFile('a'), secretFile('b')],
    env: [secretVariable('A', 'a')],
  })
  await runAgentInProcess({ ...pod, config: { ...pod.config, files: [secretFile('a')] } })
  const { code, lines } = await runAgentInProcess(pod)
  t.equal(code, 0)
  t.match(lines.at(-1), { message: 'all files written' })
  t.equal(read(pod.files, 'b'), 'one')
})

t.test('the token file is replaced while it runs', async (t) => {
  // So short that the agent signs in for each refresh, and long enough for a busy machine.
  const emulator = await startTestEmulator(t, { secrets: 'a: one', tokenLifetimeSeconds: 9 })
  const pod = await makePod(t, emulator, { files: [secretFile('a')], refreshSeconds: 0.1 })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  const good = read(pod.tokenFile)
  writeFileSync(`${pod.tokenFile}.new`, 'no token')
  renameSync(`${pod.tokenFile}.new`, pod.tokenFile)
  await agent.line(/AKV_TOKEN_FILE|could not be refreshed/)
  writeFileSync(`${pod.tokenFile}.new`, good)
  renameSync(`${pod.tokenFile}.new`, pod.tokenFile)
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await agent.line(/changed values written/)
  t.equal(read(pod.files, 'a'), 'two')
  t.equal(agent.process.exitCode, null)
})

t.test(
  'a full volume doesn’t end the agent, and may have space again',
  { skip: cannotMount() },
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets: 'a: one' })
    const pod = await makePod(t, emulator, { files: [secretFile('a')], refreshSeconds: 0.1 })
    makeTmpfs(t, 'size=64k', pod.files)
    const agent = startAgent(t, pod)
    await agent.line(/all files written/)
    writeFileSync(join(pod.files, 'filler'), Buffer.alloc(48 * 1024))
    emulator.rotate({ vault: 'team-a', name: 'a', value: 'x'.repeat(20_000) })
    await agent.line(/AKV_VOLUME_FULL/)
    t.equal(read(pod.files, 'a'), 'one')
    rmSync(join(pod.files, 'filler'))
    await agent.line(/changed values written/)
    t.equal(read(pod.files, 'a').length, 20_000)
  },
)

t.test(
  'a volume too small for the set ends the first fetch',
  { skip: cannotMount() },
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets: `a: ${'x'.repeat(20_000)}` })
    const pod = await makePod(t, emulator, { files: [secretFile('a')] })
    makeTmpfs(t, 'size=32k', pod.files)
    const { code, termination } = await runToEnd(t, pod)
    t.equal(code, 1)
    t.match(termination, /^AKV_SET_TOO_LARGE: .* 14 KiB of files; these need 20 KiB/)
  },
)

t.test('fifty secrets, an optional one that is absent, and an empty file', async (t) => {
  const names = Array.from({ length: 50 }, (_, i) => `s${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: `${names.map((name) => `${name}: v-${name}`).join('\n')}\nempty: ''`,
  })
  const pod = await makePod(t, emulator, {
    files: [
      ...names.map((name) => secretFile(name)),
      secretFile('absent', { optional: true }),
      secretFile('empty'),
    ],
    env: [secretVariable('E', 'empty', { optional: true }), secretVariable('S', 's0')],
  })
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  for (const name of names) t.equal(read(pod.files, name), `v-${name}`)
  t.equal(read(pod.files, 'empty'), '')
  t.notOk(existsSync(join(pod.files, 'absent')))
  t.equal(read(pod.env, 'env'), "S='v-s0'\n")
  t.notMatch(output, /Warning/)
  t.equal(emulator.requests.filter(({ method }) => method === 'POST').length, 1, 'one sign-in')
})

t.test('all requests use the proxy of its environment, except hosts in NO_PROXY', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const proxy = await startProxy(t)
  for (const [noProxy, isUsed] of [
    ['169.254.169.254,.svc', true],
    ['localhost', false],
  ] as const) {
    proxy.asked.length = 0
    const pod = await makePod(t, emulator, { files: [secretFile('a')] })
    const { code, output } = await runAgentInProcess(pod, {
      HTTPS_PROXY: proxy.url,
      NO_PROXY: noProxy,
    })
    t.equal(code, 0, output)
    t.equal(proxy.asked.length > 0, isUsed)
  }
})
