// Part of the image's build, run by the image's Node: writes V8's code caches of the agent's bundle in this program's folder.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  type AgentConfig,
  configVariable,
  encodeConfig,
  identityFolder,
  tokenFileName,
} from '../delivery/contract.ts'
import { parseEmulatorData } from '../emulator/data/parse-data.ts'
import { type Emulator, startEmulator } from '../emulator/emulator.ts'
import { writeCodeCache } from '../init-agent/code-cache.ts'
import { limitCompilation } from '../init-agent/limit-compilation.ts'
import { liteFlags } from '../init-agent/rest/replace-process.ts'

/** With these flags, two builds give the same bytes. V8 ignores them when it compares a cache's flags with its own. */
const predictable = ['--predictable', '--random-seed=1']

const tenantId = '11111111-1111-1111-1111-111111111111'
const clientId = '22222222-2222-2222-2222-222222222222'
const names = ['one', 'two', 'three']
const vaults = `
tenantId: ${tenantId}
identities:
  - { clientId: ${clientId}, federatedCredentials: [{ subject: "system:serviceaccount:default:web" }] }
vaults:
  vault:
    readers: ["*"]
    secrets: { ${names.map((name) => `${name}: value`).join(', ')} }
`

/** A cache holds the functions that have been called, so this agent fetches secrets, as in most pods. */
async function writeCaches(program: string): Promise<void> {
  const data = parseEmulatorData(vaults)
  if (data.kind === 'invalid') throw new Error(data.problems.join('\n'))
  const emulator = await startEmulator({ data: data.value })
  try {
    for (const flags of [[], liteFlags]) await runUndisturbed([...flags, program], emulator)
  } finally {
    await emulator.close()
  }
}

/**
 * Runs the agent until no request fails. On a busy machine, a request may time out, and an agent that retries calls
 * more functions, so its cache would differ.
 */
async function runUndisturbed(args: readonly string[], emulator: Emulator): Promise<void> {
  let output = ''
  for (let run = 0; run < maxRuns; run++) {
    output = await runAgent(args, emulator)
    if (output.trimEnd().split('\n').length === undisturbedLines) return
  }
  throw new Error(`the agent was disturbed in each of ${maxRuns} runs: ${output}`)
}

const maxRuns = 10
/** One line says which files were written, and the other is the state. */
const undisturbedLines = 2

/** @returns the log */
async function runAgent(args: readonly string[], emulator: Emulator): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'akv-injector-'))
  try {
    for (const name of ['files', 'env', identityFolder]) mkdirSync(join(root, name))
    const who = { namespace: 'default', serviceAccount: 'web' }
    const token = await emulator.serviceAccountToken(who)
    writeFileSync(join(root, identityFolder, tokenFileName), token)
    const child = spawn(process.execPath, [...predictable, ...args, root], {
      env: { [configVariable]: encodeConfig(configOf(emulator)) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    if (code !== 0) throw new Error(`the agent ended with ${code}: ${output}`)
    return output
  } finally {
    rmSync(root, { recursive: true })
  }
}

const configOf = ({ url, vaultUrl, caPem }: Emulator): AgentConfig => ({
  version: 1,
  containers: ['app'],
  files: names.map((name) => ({ path: name, object: { vault: 'vault', type: 'secret', name } })),
  templates: [],
  env: [],
  fileMode: '0444',
  refreshSeconds: 0,
  timeoutSeconds: 60,
  onDeleted: 'keep',
  logLevel: 'info',
  identity: { clientId, tenantId },
  cloud: { authorityHost: url, vaultUrl, audience: 'https://vault.azure.net', ca: caPem },
})

/**
 * Runs in a process of its own: lets the agent fetch into this folder, and then writes the code cache for the process's
 * flags.
 */
function writeOwnCache(folder: string, root: string): Promise<number> {
  limitCompilation()
  const require = createRequire(join(folder, 'main.js'))
  return writeCodeCache(folder, require, ({ agentMain }) =>
    agentMain({ root, terminationLog: '/dev/null' }),
  )
}

const [, program = '', root] = process.argv
const done =
  root === undefined ? writeCaches(program).then(() => 0) : writeOwnCache(dirname(program), root)
// The agent may have left connections open, which would keep the process alive.
void done.then((exitCode) => process.exit(exitCode))
