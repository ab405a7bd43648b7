import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { issueServerPem } from '../../certs/issue.ts'
import { type AgentConfig, contractVersion } from '../../delivery/contract.ts'
import type { Fault } from '../../emulator/faults/faults.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { errorTable } from '../../lib/errors/error-table.ts'
import { startHttpsServer } from '../support/servers/start-https-server.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, type Pod, runToEnd, secretFile, secretVariable } from './harness/pod.ts'
import { runAgentInProcess } from './harness/run-agent-in-process.ts'

const nobody = '33333333-3333-3333-3333-333333333333'

interface Hopeless {
  readonly name: string
  readonly code: AkvErrorCode
  readonly config?: Partial<AgentConfig>
  readonly fault?: Fault
  readonly arrange?: (pod: Pod) => unknown
  readonly env?: NodeJS.ProcessEnv
  /** Whether the agent is a process of its own, as it is once for each exit code. */
  readonly isProcess?: true
  /** The requests that reach the vault. */
  readonly gets: number
}

const cases: readonly Hopeless[] = [
  {
    name: 'a secret that is absent',
    code: 'AKV_OBJECT_NOT_FOUND',
    gets: 1,
    config: { files: [secretFile('absent')] },
  },
  {
    name: 'a disabled one',
    code: 'AKV_OBJECT_DISABLED',
    gets: 1,
    config: { files: [secretFile('off')] },
  },
  {
    name: 'a token that is refused twice',
    code: 'AKV_UNAUTHORIZED',
    gets: 2,
    fault: {
      match: { service: 'vault' },
      action: { kind: 'challenge', header: 'Bearer resource="https://evil.example"' },
    },
  },
  {
    name: 'a request that is not understood',
    code: 'AKV_BAD_REQUEST',
    gets: 1,
    fault: { match: { service: 'vault' }, action: { kind: 'status', status: 400 } },
  },
  {
    name: 'a redirect',
    code: 'AKV_REDIRECTED',
    gets: 1,
    fault: {
      match: { service: 'vault' },
      action: { kind: 'redirect', location: 'https://evil.example/' },
    },
  },
  {
    name: 'an unknown tenant',
    code: 'AKV_TENANT_NOT_FOUND',
    gets: 0,
    config: { identity: { clientId: nobody, tenantId: nobody } },
  },
  {
    name: 'a refusal that Entra never takes back',
    code: 'AKV_ENTRA_REFUSED',
    gets: 0,
    fault: {
      match: { service: 'entra', method: 'POST' },
      action: { kind: 'entra', code: 7000112 },
    },
  },
  {
    name: 'no token file',
    code: 'AKV_TOKEN_FILE',
    gets: 0,
    arrange: ({ tokenFile }) => writeFileSync(tokenFile, ''),
  },
  { name: 'nobody to sign in as', code: 'AKV_IDENTITY_MISSING', gets: 0, config: { identity: {} } },
  {
    name: 'a variable that can’t be',
    code: 'AKV_ENV_VALUE',
    gets: 2,
    config: { env: [secretVariable('Q', 'quote')] },
  },
  {
    name: 'a file in the way',
    code: 'AKV_FILE_IN_THE_WAY',
    gets: 1,
    arrange: ({ files }) => writeFileSync(join(files, 'good'), 'mine'),
  },
  {
    name: 'a newer configuration',
    code: 'AKV_CONFIG_NEWER',
    isProcess: true,
    gets: 0,
    env: { AKV_INJECTOR_CONFIG: JSON.stringify({ version: contractVersion + 1 }) },
  },
  {
    name: 'a broken configuration',
    code: 'AKV_CONFIG_INVALID',
    gets: 0,
    env: { AKV_INJECTOR_CONFIG: '{' },
  },
  {
    name: 'a path that leads out',
    code: 'AKV_CONFIG_INVALID',
    gets: 0,
    config: { files: [secretFile('good', { path: '../out' })] },
  },
  { name: 'nothing to fetch', code: 'AKV_CONFIG_INVALID', gets: 0, config: { files: [] } },
  {
    name: 'a broken proxy',
    code: 'AKV_CONFIG_INVALID',
    gets: 0,
    env: { HTTPS_PROXY: 'not a url' },
  },
]

t.test('each permanent failure ends it at once, with its code and remedy', async (t) => {
  const emulator = await startTestEmulator(t, {
    secrets: 'good: v\nquote: "it\'s"\noff: { value: x, enabled: false }',
  })
  for (const { name, code, config, fault, arrange, env, isProcess, gets } of cases)
    await t.test(name, async (t) => {
      emulator.clearFaults()
      const seen = emulator.requests.length
      if (fault) emulator.addFault(fault)
      const pod = await makePod(t, emulator, { files: [secretFile('good')], ...config })
      arrange?.(pod)
      const before = readdirSync(pod.files)
      const run = isProcess ? runToEnd(t, pod, env) : runAgentInProcess(pod, env)
      const { code: exitCode, lines, termination, output } = await run

      t.equal(exitCode, errorTable[code].exitCode, output)
      t.match(lines.at(-1), { level: 'error', code, remedy: errorTable[code].remedy })
      t.ok(termination.startsWith(`${code}: `), termination)
      t.ok(termination.endsWith(errorTable[code].remedy))
      const asked = emulator.requests.slice(seen).filter(({ path }) => path.includes('/secrets/'))
      t.equal(asked.length, gets, 'nothing is retried')
      t.strictSame(readdirSync(pod.files), before, 'nothing is written')
      t.strictSame(readdirSync(pod.env), [])
      t.notOk(existsSync(join(pod.root, 'out')))
    })
})

t.test('several kinds of failures are reported with a remedy each', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'good: v\nquote: "it\'s"' })
  const pod = await makePod(t, emulator, {
    files: [secretFile('gone')],
    env: [secretVariable('Q', 'quote')],
  })
  const { code, lines, termination } = await runToEnd(t, pod)
  t.equal(code, 1)
  for (const code of ['AKV_OBJECT_NOT_FOUND', 'AKV_ENV_VALUE'] as const) {
    const { remedy } = errorTable[code]
    t.ok(
      lines.some(
        (line) => line.level === 'error' && line.code === code && line['remedy'] === remedy,
      ),
    )
    t.ok(termination.includes(remedy))
  }
})

t.test('all permanent failures are reported together', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'good: v' })
  const names = ['good', 'gone-1', 'gone-2']
  const pod = await makePod(t, emulator, { files: names.map((name) => secretFile(name)) })
  const { code, termination } = await runAgentInProcess(pod)
  t.equal(code, 1)
  t.match(termination, /team-a:gone-1.*team-a:gone-2/)
})

t.test('a host whose certificate the administrator doesn’t trust gets no token', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const other = await startHttpsServer(t, (_request, response) => response.end('{}'))
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  const cloud = { ...pod.config.cloud, vaultUrl: `${other.url}/{vault}` }
  const { code, termination } = await runAgentInProcess({
    ...pod,
    config: { ...pod.config, cloud },
  })
  t.equal(code, 1)
  t.match(termination, /^AKV_TLS_UNTRUSTED: /)
  t.equal(other.requests.length, 0)
})

t.test('a node whose clock is hours behind is named as the cause, and tried again', async (t) => {
  const aheadMs = 5 * 3_600_000
  const now = () => new Date(Date.now() + aheadMs)
  const address = { commonName: 'localhost', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }
  const certificate = await issueServerPem('ahead', { ...address, now: now(), lifetimeDays: 1 })
  const emulator = await startTestEmulator(t, { secrets: 'good: v', now, certificate })
  const pod = await makePod(t, emulator, { files: [secretFile('good')], timeoutSeconds: 2 })
  const { code, lines, termination } = await runToEnd(t, pod)
  t.equal(code, 1)
  const says =
    /^AKV_CLOCK: the certificate of Entra is not valid yet by the clock of this machine, which is at least 4 hours behind the API server's/
  t.match(termination, says)
  t.ok(termination.includes(errorTable.AKV_CLOCK.remedy))
  t.notMatch(termination, 'AKV_INJECTOR_CA_FILE')
  t.match(lines[0], { level: 'warn', code: 'AKV_CLOCK', message: /retrying until/ })
  t.equal(emulator.requests.length, 0, 'no token was sent')
})
