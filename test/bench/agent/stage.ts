import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AgentConfig,
  configVariable,
  encodeConfig,
  servedFolder,
  versionOf,
} from '../../../delivery/contract.ts'
import { bundle } from '../../../image/bundle.ts'
import type { ObjectType } from '../../../keyvault/reference.ts'

export const clientId = '22222222-2222-2222-2222-222222222222'
export const tenantId = '11111111-1111-1111-1111-111111111111'
export const mostSecrets = 50

/** As the Containerfile sets them. Without them, a heap isn't collected before it is large. */
export const imageOptions = '--max-semi-space-size=1 --max-old-space-size=96'

/** What a pod requests. */
export type Wanted = Pick<AgentConfig, 'files' | 'volumes'>

export const volumes = ['one', 'two'].map((name) => ({ name, class: name }))

/** The agent's bundle, and an emulator in another process. */
export interface Stage {
  readonly folder: string
  readonly program: string
  /** Of Entra and the vaults. */
  readonly url: string
  readonly controlUrl: string
  readonly token: string
  readonly ca: string
  close(): Promise<void>
}

/** The vault with so many secrets, `app-0-0` to `app-N-9`: ten for each app. */
export const vaultOf = (secrets: number): string => `vault-${secrets}`

/**
 * @param address - where the emulator listens; its URL has the name localhost in any case
 * @param sizes - how many secrets other vaults have
 */
export async function openStage(
  address = '127.0.0.1',
  sizes: readonly number[] = [],
): Promise<Stage> {
  // V8 optimises Node's code for paths if they are long, which takes 2 MiB. In the image, they are short.
  const folder = mkdtempSync(`${tmpdir()}/`)
  const { child, ready } = startEmulator(folder, { address, sizes })
  const close = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    rmSync(folder, { recursive: true })
  }
  try {
    await bundle(folder)
    execFileSync(process.execPath, [join(folder, 'write-code-caches.js')])
    return { folder, program: join(folder, 'main.js'), ...(await ready), close }
  } catch (error) {
    await close()
    throw error
  }
}

export function targets(type: ObjectType, count: number): AgentConfig['files'] {
  const name = type === 'secret' ? 'secret' : 'certificate'
  return Array.from({ length: count }, (_, i) => ({
    path: `${type}-${i}`,
    object: { vault: 'team-a', type, name: `${name}-${i}` },
  }))
}

/** @param folder - for the volumes; emptied */
export function agentArguments(
  stage: Stage,
  folder = join(stage.folder, 'akv'),
): readonly string[] {
  rmSync(folder, { recursive: true, force: true })
  const served = volumes.map(({ name }) => servedFolder(name))
  for (const name of ['files', 'env', 'identity', ...served])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'identity/token'), stage.token)
  return [stage.program, 'agent', '--root', folder, '--termination-log', join(folder, 'ended')]
}

export function agentEnvironment(
  { url, ca }: Pick<Stage, 'url' | 'ca'>,
  wanted: Wanted & Partial<AgentConfig>,
): Readonly<Record<string, string>> {
  const config: AgentConfig = {
    version: versionOf(wanted),
    containers: ['app'],
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
    ...wanted,
  }
  return { NODE_OPTIONS: imageOptions, [configVariable]: encodeConfig(config) }
}

function largeVault(size: number): string {
  const secrets = Array.from({ length: size }, (_, i) => `app-${Math.floor(i / 10)}-${i % 10}: v`)
  return `  ${vaultOf(size)}: { readers: ["*"], secrets: { ${secrets.join(', ')} } }\n`
}

type Ready = Pick<Stage, 'url' | 'controlUrl' | 'token' | 'ca'>

function startEmulator(
  folder: string,
  { address, sizes }: { readonly address: string; readonly sizes: readonly number[] },
): { readonly child: ChildProcess; readonly ready: Promise<Ready> } {
  const secrets = Array.from({ length: mostSecrets }, (_, i) => `secret-${i}: value-${i}`)
  const certificates = Array.from({ length: 10 }, (_, i) => `certificate-${i}: { issuer: {} }`)
  const data = `identities:
  - { clientId: ${clientId}, federatedCredentials: [{ subject: "system:serviceaccount:default:web" }] }
vaults:
  team-a:
    readers: ["*"]
    secrets: { ${secrets.join(', ')} }
    certificates: { ${certificates.join(', ')} }
${sizes.map(largeVault).join('')}`
  const dataFile = join(folder, 'vault.yaml')
  writeFileSync(dataFile, data)
  const program = join(import.meta.dirname, 'emulator-process.ts')
  const child = fork(program, [dataFile, address], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return { child, ready: untilReady(child) }
}

async function untilReady(child: ChildProcess): Promise<Ready> {
  const [running] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the emulator did not start'))),
  ])
  const { controlUrl } = running as Omit<Ready, 'token'>
  const response = await fetch(`${controlUrl}/service-account-tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ namespace: 'default', serviceAccount: 'web' }),
  })
  const { token } = (await response.json()) as { token: string }
  return { ...running, token }
}
