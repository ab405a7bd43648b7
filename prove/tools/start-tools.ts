import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../command/run-program.ts'
import type { Clock } from '../../lib/clock.ts'
import type { JsonObject } from '../../lib/shape.ts'
import { askControl } from './ask-control.ts'
import type { Ran, ToolCall, Tools } from './tools.ts'
import { waitForSignIn } from './wait-for-sign-in.ts'

interface ToolOptions {
  /** The private folder of the run. */
  readonly folder: string
  /** Absent without an emulator. */
  readonly controlUrl?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly clock: Clock
  /** Whether somebody sits at a terminal. */
  readonly isAttended: boolean
  readonly say: (line: string) => void
  /** Ends the program that runs, and fails each further call. */
  readonly abort: AbortSignal
  /** Ends the wait for a sign-in. */
  readonly abortWaiting: AbortSignal
  /** The name of the next file of objects. */
  readonly nextFile: () => string
}

const maxBytes = 8 * 1024 * 1024
/** Terraform downloads providers, and waits for what it makes. Helm waits for pods, which may need a new node. */
const timeoutsMs = { terraform: 1_800_000, helm: 900_000, other: 300_000 }

/** `az` must never prompt, or install an extension. */
const azEnv = { AZURE_EXTENSION_USE_DYNAMIC_INSTALL: 'no', AZURE_CORE_NO_COLOR: '1' }

/**
 * Starts the user's own kubectl, helm, terraform and az, and this command line again for commands such as `doctor`. No program has a
 * standard input, so none can wait for an answer.
 */
export function startTools(options: ToolOptions): Tools {
  const { folder, abort, controlUrl } = options
  const commandOf = commands(options)
  const runOnce = async (call: ToolCall): Promise<Ran> => {
    const env = call.tool === 'az' ? { ...process.env, ...azEnv } : process.env
    const { tool } = call
    const timeoutMs = timeoutsMs[tool === 'terraform' || tool === 'helm' ? tool : 'other']
    const end = await runProgram(commandOf(call), { maxBytes, timeoutMs, env, abort })
    const ran =
      end.kind === 'ended'
        ? { code: end.code ?? undefined, stdout: end.stdout, stderr: end.stderr }
        : { code: undefined, stdout: '', stderr: end.kind }
    log(folder, call, ran)
    return ran
  }
  return {
    // Terraform and kubectl may sign in by az, too.
    run: (call) => waitForSignIn(() => runOnce(call), { ...options, abort: options.abortWaiting }),
    control: (request) => askControl(controlUrl, request, abort),
  }
}

function commands(options: ToolOptions): (call: ToolCall) => readonly [string, ...string[]] {
  const { folder, kubeconfig, context, nextFile } = options
  const accessBy = (contextOption: string) => [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : [contextOption, context]),
  ]
  const access = accessBy('--context')
  const fileOf = (content: JsonObject) => {
    const file = join(folder, nextFile())
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 })
    return file
  }
  return (call) => {
    if (call.tool === 'az') return ['az', ...call.args, '--output', 'json', '--only-show-errors']
    if (call.tool === 'akv-injector')
      return [process.execPath, ...process.execArgv, ownProgram(), ...call.args, ...access]
    if (call.tool === 'helm') {
      const values = call.values === undefined ? [] : ['--values', fileOf(call.values)]
      return ['helm', ...call.args, ...values, ...accessBy('--kube-context')]
    }
    if (call.tool === 'terraform') return ['terraform', inRoot(folder, call.root), ...call.args]
    const [verb = '', ...args] = call.args
    if (call.objects === undefined) return ['kubectl', ...access, verb, ...args]
    const file = fileOf({ apiVersion: 'v1', kind: 'List', items: call.objects })
    return ['kubectl', ...access, verb, ...args, '--filename', file]
  }
}

/** Terraform's state is there, too. A new root module begins without it, because az removes what an earlier run has left. */
function inRoot(folder: string, root: JsonObject | undefined): string {
  const path = join(folder, 'terraform')
  if (root !== undefined) {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path, { mode: 0o700 })
    writeFileSync(join(path, 'main.tf.json'), JSON.stringify(root, null, 2), { mode: 0o600 })
  }
  return `-chdir=${path}`
}

/** The file that this process was started with. */
const ownProgram = (): string => process.argv[1] ?? ''

/** What programs said about their failures. What they print otherwise may be a token, and isn't kept. */
function log(folder: string, { tool, args }: ToolCall, { code, stderr }: Ran): void {
  const line = JSON.stringify({ tool, args, code, stderr: stderr.slice(0, 4096) })
  try {
    appendFileSync(join(folder, 'calls.log'), `${line}\n`, { mode: 0o600 })
  } catch {
    // The folder is gone, or the disk is full. Removing what was made must not end because of that.
  }
}
