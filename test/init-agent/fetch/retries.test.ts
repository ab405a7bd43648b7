import t from 'tap'
import type { Fault } from '../../../emulator/faults/faults.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { simulatedClock } from '../../support/simulated-clock.ts'
import { makePod, secretFile } from '../harness/pod.ts'
import { runAgentInProcess } from '../harness/run-agent-in-process.ts'
import { runAgentOn } from '../harness/run-agent-on.ts'

t.test('each retryable failure is waited out', async (t) => {
  const vaultFaults: Record<string, Fault['action']> = {
    unavailable: { kind: 'status', status: 503 },
    timeout: { kind: 'status', status: 408 },
    broken: { kind: 'status', status: 500 },
    reset: { kind: 'reset' },
    role: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
    policy: { kind: 'forbidden', innerCode: 'AccessDenied' },
    firewall: { kind: 'forbidden', innerCode: 'ForbiddenByFirewall' },
    connection: { kind: 'forbidden', innerCode: 'ForbiddenByConnection' },
    truncated: { kind: 'malformed' },
    portal: { kind: 'malformed', body: '<html>Sign in to the Wi-Fi</html>' },
  }
  const names = Object.keys(vaultFaults)
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: value-of-${name}`).join('\n'),
  })
  for (const [name, action] of Object.entries(vaultFaults))
    emulator.addFault({ match: { path: `/team-a/secrets/${name}` }, count: 2, action })
  const entra: Fault['action'][] = [
    { kind: 'entra', code: 70025 },
    { kind: 'entra', code: 7000272 },
    { kind: 'status', status: 503 },
  ]
  for (const action of entra)
    emulator.addFault({ match: { service: 'entra', method: 'POST' }, count: 1, action })

  const pod = await makePod(t, emulator, { files: names.map((name) => secretFile(name)) })
  const { code, lines, output } = await runAgentInProcess(pod)
  t.equal(code, 0, output)
  for (const name of names) {
    const gets = emulator.requests.filter(({ path }) => path.startsWith(`/team-a/secrets/${name}/`))
    t.equal(gets.length, 3, name)
  }
  const warned = lines.filter(({ level }) => level === 'warn').map(({ code }) => code)
  t.strictSame(
    new Set(warned),
    new Set([
      'AKV_FEDERATION_MISMATCH',
      'AKV_ISSUER_KEYS',
      'AKV_ENTRA_UNAVAILABLE',
      'AKV_VAULT_UNAVAILABLE',
      'AKV_NETWORK',
      'AKV_FORBIDDEN',
      'AKV_FIREWALL',
      'AKV_PUBLIC_ACCESS_DISABLED',
      'AKV_BAD_ANSWER',
    ]),
  )
})

t.test('a vault’s pause holds for all objects, also past the timeout', async (t) => {
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: v`).join('\n'),
  })
  emulator.addFault({
    match: { service: 'vault' },
    count: 1,
    action: { kind: 'throttle', retryAfterSeconds: 2 },
  })
  const files = names.map((name) => secretFile(name))
  const pod = await makePod(t, emulator, { files, timeoutSeconds: 1 })
  const clock = simulatedClock()
  const startMs = clock.now()
  const { error, lines } = await runAgentOn(clock, pod)
  t.equal(error, undefined)
  const gets = emulator.requests.filter(({ path }) => path.includes('/secrets/'))
  t.equal(gets.filter(({ status }) => status === 429).length, 1)
  t.equal(gets.length, 1 + names.length, 'none was asked for during the pause')
  t.ok(clock.now() - startMs >= 2_000)
  const message = /waiting for the vault's limit.*retrying until \d\d:\d\d:\d\d UTC$/
  t.match(
    lines.find(({ code }) => code === 'AKV_THROTTLED'),
    { level: 'warn', message },
  )
})

t.test('a captive portal in place of Entra is waited out', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const portal: Fault['action'] = { kind: 'malformed', body: '<html>Sign in to the Wi-Fi</html>' }
  emulator.addFault({ match: { service: 'entra' }, count: 2, action: portal })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  const { code, output } = await runAgentInProcess(pod)
  t.equal(code, 0, output)
  t.match(output, 'AKV_BAD_ANSWER')
})

t.test('a portal that stays ends the fetch at the deadline', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const portal: Fault['action'] = { kind: 'malformed', body: '<html>Sign in to the Wi-Fi</html>' }
  emulator.addFault({ match: { service: 'vault' }, action: portal })
  const pod = await makePod(t, emulator, { files: [secretFile('a')], timeoutSeconds: 1 })
  const { error } = await runAgentOn(simulatedClock(), pod)
  t.match(error, { code: 'AKV_BAD_ANSWER', facts: { remedy: /captive portal/ } })
})

t.test('a token that a vault refuses is replaced once', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: v`).join('\n'),
  })
  const challenge: Fault['action'] = { kind: 'challenge', header: 'Bearer' }
  emulator.addFault({ match: { service: 'vault' }, count: 1, action: challenge })
  const pod = await makePod(t, emulator, { files: names.map((name) => secretFile(name)) })
  const { code, output } = await runAgentInProcess(pod)
  t.equal(code, 0, output)
  t.equal(emulator.requests.filter(({ method }) => method === 'POST').length, 2, 'sign-ins')
})

t.test('the agent gives up at the deadline, with the last error', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  emulator.addFault({
    match: { service: 'vault' },
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  })
  const pod = await makePod(t, emulator, { files: [secretFile('a')], timeoutSeconds: 1 })
  const { error } = await runAgentOn(simulatedClock(), pod)
  t.match(error, {
    code: 'AKV_FORBIDDEN',
    message: /team-a:a/,
    facts: { remedy: /Key Vault Secrets User/ },
  })
})
