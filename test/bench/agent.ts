import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../image/bundle.ts'
import {
  type AgentConfig,
  configVariable,
  encodeConfig,
  servedFolder,
  versionOf,
} from '../../init-agent/contract.ts'
import type { ObjectType } from '../../keyvault/reference.ts'
import type { Bench, Figure } from './bench.ts'
import { compareRuns, measureProcess, medianOf, type Run } from './measure-process.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const tenantId = '11111111-1111-1111-1111-111111111111'
const most = 50

type Wanted = Pick<AgentConfig, 'files' | 'volumes'>

const volumes = ['one', 'two'].map((name) => ({ name, class: name }))

/** The requests of pods. The first four don't need the modules of the others. */
const pods: readonly (Wanted & { readonly what: string })[] = [
  { what: '1 secret', files: targets('secret', 1) },
  { what: '10 secrets', files: targets('secret', 10) },
  { what: `${most} secrets`, files: targets('secret', most) },
  {
    what: `${most} secrets in two served volumes`,
    files: targets('secret', most).map((file, i) => ({ ...file, volume: i % 2 ? 'one' : 'two' })),
    volumes,
  },
  { what: '1 key', files: targets('key', 1) },
  { what: '1 certificate as cert/', files: targets('cert', 1) },
  { what: '10 certificates as tls/', files: targets('tls', 10) },
]

function targets(type: ObjectType, count: number): AgentConfig['files'] {
  const name = type === 'secret' ? 'secret' : 'certificate'
  return Array.from({ length: count }, (_, i) => ({
    path: `${type}-${i}`,
    object: { vault: 'team-a', type, name: `${name}-${i}` },
  }))
}

/** Measures the agent as in its image, from start to exit, and alternates with a Node process that does nothing. */
export const benchAgent: Bench = async ({ isSmoke }) => {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  const emulator = startEmulator(folder)
  try {
    const program = join(folder, 'dist')
    await bundle(program)
    const stage = { folder, program: join(program, 'main.js'), ...(await emulator.ready) }
    return await measureInTurns(stage, isSmoke ? 5 : 25)
  } finally {
    emulator.child.kill('SIGKILL')
    await once(emulator.child, 'close')
    rmSync(folder, { recursive: true })
  }
}

interface Stage {
  readonly folder: string
  readonly program: string
  readonly url: string
  readonly token: string
  readonly ca: string
}

async function measureInTurns(stage: Stage, turns: number): Promise<Figure[]> {
  const { folder } = stage
  const nothing: Run[] = []
  const agents = pods.map((pod) => ({ ...pod, runs: [] as Run[] }))
  for (let turn = 0; turn < turns; turn++) {
    nothing.push(await measureProcess({ folder, args: ['-e', '0'] }))
    for (const { what: _, runs, ...wanted } of agents)
      runs.push(
        await measureProcess({
          folder,
          args: agentArguments(stage),
          env: { [configVariable]: configOf(stage, wanted) },
        }),
      )
  }
  const idle = medianOf(nothing)
  return [
    compareRuns('node -e 0', idle, idle),
    ...agents.map(({ what, runs }) => compareRuns(`agent, ${what}`, medianOf(runs), idle)),
  ]
}

const root = (stage: Stage) => join(stage.folder, 'akv')

function agentArguments(stage: Stage): readonly string[] {
  const folder = root(stage)
  rmSync(folder, { recursive: true, force: true })
  const served = volumes.map(({ name }) => servedFolder(name))
  for (const name of ['files', 'env', 'identity', ...served])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'identity/token'), stage.token)
  return [stage.program, 'agent', '--root', folder, '--termination-log', join(folder, 'ended')]
}

function configOf({ url, ca }: Stage, wanted: Wanted): string {
  const config: AgentConfig = {
    version: versionOf(wanted),
    containers: ['app'],
    ...wanted,
    templates: [],
    env: [],
    fileMode: '0444',
    refreshSeconds: 0,
    timeoutSeconds: 20,
    onDeleted: 'keep',
    logLevel: 'info',
    identity: { clientId, tenantId },
    cloud: {
      authorityHost: url,
      vaultUrl: `${url}/{vault}`,
      audience: 'https://vault.azure.net',
      ca,
    },
  }
  return encodeConfig(config)
}

function startEmulator(folder: string): {
  readonly child: ChildProcess
  readonly ready: Promise<Pick<Stage, 'url' | 'token' | 'ca'>>
} {
  const secrets = Array.from({ length: most }, (_, i) => `secret-${i}: value-${i}`)
  const certificates = Array.from({ length: 10 }, (_, i) => `certificate-${i}: { issuer: {} }`)
  const data = `identities:
  - { clientId: ${clientId}, federatedCredentials: [{ subject: "system:serviceaccount:default:web" }] }
vaults:
  team-a:
    readers: ["*"]
    secrets: { ${secrets.join(', ')} }
    certificates: { ${certificates.join(', ')} }
`
  const [dataFile, caFile] = [join(folder, 'vault.yaml'), join(folder, 'ca.crt')]
  writeFileSync(dataFile, data)
  const program = join(import.meta.dirname, '../../cli/main.ts')
  const ports = ['--listen', '127.0.0.1:0', '--control-port', '0']
  const child = spawn(
    process.execPath,
    [program, 'emulator', '--data', dataFile, '--ca-out', caFile, ...ports],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return { child, ready: untilReady(child, caFile) }
}

async function untilReady(child: ChildProcess, caFile: string) {
  let output = ''
  while (!output.includes('Ctrl-C')) {
    const [chunk] = await Promise.race([
      once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the emulator did not start'))),
    ])
    output += chunk
  }
  const found = (pattern: RegExp) => pattern.exec(output)?.[1] ?? ''
  const response = await fetch(`${found(/^control +(\S+)/m)}/service-account-tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ namespace: 'default', serviceAccount: 'web' }),
  })
  const { token } = (await response.json()) as { token: string }
  return { url: found(/^Entra and Key Vault +(\S+)/m), token, ca: readFileSync(caFile, 'utf8') }
}
