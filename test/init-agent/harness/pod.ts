import { readAgentStates } from '../../support/injected-pods/read-agent-states.ts'
/** A pod without Kubernetes: its volumes as folders, its agent as a process against an emulator. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { type AgentState, stateMessage } from '../../../delivery/agent-state.ts'
import {
  type AgentConfig,
  configVariable,
  encodeConfig,
  servedFolder,
  type WantedFile,
  type WantedVariable,
} from '../../../delivery/contract.ts'
import type { Emulator } from '../../../emulator/emulator.ts'
import type { ObjectType } from '../../../keyvault/reference.ts'
import { clientId, tenantId } from '../../support/servers/start-test-emulator.ts'
import { agentProgram, startsFast } from '../../support/start-fast/bundles.ts'

export const secretFile = (name: string, more: Partial<WantedFile> = {}): WantedFile =>
  objectFile('secret', name, more)

/** What `type` of `name` is written to, in the vault `team-a`. */
export function objectFile(
  type: ObjectType,
  name: string,
  more: Partial<WantedFile> = {},
): WantedFile {
  return { path: name, object: { vault: 'team-a', type, name }, ...more }
}

export function secretVariable(
  variable: string,
  name: string,
  more: Partial<WantedVariable> = {},
): WantedVariable {
  return { variable, object: { vault: 'team-a', type: 'secret', name }, ...more }
}

/** A configuration that asks for nothing, but for what a test says, and has time on any machine. */
export function agentConfig(wanted: Partial<AgentConfig>): AgentConfig {
  return {
    version: 1,
    containers: ['app'],
    files: [],
    templates: [],
    env: [],
    fileMode: '0444',
    refreshSeconds: 0,
    timeoutSeconds: 600,
    onDeleted: 'keep',
    logLevel: 'debug',
    identity: { clientId, tenantId },
    cloud: {
      authorityHost: 'https://localhost',
      vaultUrl: 'https://localhost/{vault}',
      audience: 'https://vault.azure.net',
    },
    ...wanted,
  }
}

export interface Pod {
  readonly root: string
  readonly files: string
  readonly env: string
  readonly tokenFile: string
  readonly terminationLog: string
  readonly config: AgentConfig
  readonly caPem: string
  /** Node's arguments for another program than the sources' agent. */
  readonly program?: readonly string[]
  /** A command that starts Node, as `unshare`. */
  readonly launcher?: readonly string[]
}

export async function makePod(
  t: Test,
  emulator: Emulator,
  overrides: Partial<AgentConfig>,
  root = mkdtempSync(join(tmpdir(), 'akv-agent-')),
): Promise<Pod> {
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const pod = {
    root,
    files: join(root, 'files'),
    env: join(root, 'env'),
    tokenFile: join(root, 'identity', 'token'),
    terminationLog: join(root, 'termination-log'),
    caPem: emulator.caPem,
    config: agentConfig({
      cloud: {
        authorityHost: emulator.url,
        vaultUrl: emulator.vaultUrl,
        audience: 'https://vault.azure.net',
        ca: emulator.caPem,
      },
      ...overrides,
    }),
  } as const
  for (const folder of [pod.files, pod.env, join(root, 'identity')]) mkdirSync(folder)
  for (const { name } of pod.config.volumes ?? [])
    mkdirSync(join(root, servedFolder(name)), { recursive: true })
  writeFileSync(
    pod.tokenFile,
    await emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' }),
  )
  return pod
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly code?: string
  readonly [name: string]: unknown
}

export interface RunningAgent {
  readonly process: ChildProcess
  /** Without the states. */
  readonly lines: readonly LogLine[]
  /** The newest state of the log. */
  state(): AgentState | undefined
  /** Everything written to standard output and error. */
  output(): string
  /** Resolves with the first line, past or to come, whose message or code matches. */
  line(pattern: RegExp): Promise<LogLine>
  readonly exited: Promise<number | null>
}

export function startAgent(t: Test, pod: Pod, env: NodeJS.ProcessEnv = {}): RunningAgent {
  const program = pod.program ?? [...startsFast, agentProgram]
  const flags = ['--root', pod.root, '--termination-log', pod.terminationLog]
  const command = [...(pod.launcher ?? []), process.execPath, ...program, 'agent', ...flags]
  const agent = spawn(command[0] ?? '', command.slice(1), {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      [configVariable]: encodeConfig(pod.config),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => agent.kill('SIGKILL'))
  const lines: LogLine[] = []
  const states: LogLine[] = []
  const waiting = new Set<() => void>()
  let output = ''
  createInterface({ input: agent.stdout }).on('line', (text) => {
    output += `${text}\n`
    const line: LogLine = JSON.parse(text)
    if (line.message === stateMessage) states.push(line)
    else lines.push(line)
    for (const look of waiting) look()
  })
  agent.stderr.on('data', (chunk) => {
    output += chunk
  })
  const exited = once(agent, 'close').then(([code]) => code)
  const matching = (pattern: RegExp) =>
    [...lines, ...states].find(
      ({ message, code = '' }) => pattern.test(message) || pattern.test(code),
    )
  return {
    process: agent,
    lines,
    state: () => readAgentStates(output.split('\n')),
    output: () => output,
    exited,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = matching(pattern)
          if (found) resolve(found)
        }
        waiting.add(look)
        look()
        void exited.then(() => reject(new Error(`no line ${pattern} in:\n${output}`)))
      }),
  }
}

/** Runs an agent to its end. */
export async function runToEnd(t: Test, pod: Pod, env: NodeJS.ProcessEnv = {}) {
  const agent = startAgent(t, pod, env)
  const code = await agent.exited
  return {
    code,
    lines: agent.lines,
    state: agent.state(),
    output: agent.output(),
    termination: readOr(pod.terminationLog),
  }
}

export function readOr(path: string, otherwise = ''): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}
