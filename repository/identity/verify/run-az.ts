import { maxProgramMs, type ProgramEnd, runProgram } from '../../../command/run-program.ts'
import { printable } from '../../../lib/printable.ts'

/** The output of an Azure CLI command, or why there is none. */
export type AzAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | {
      readonly kind: 'failed'
      readonly sentence: string
      /** Whether every further command would fail for the same reason. */
      readonly isForAll: boolean
    }

/** Runs `az` with these arguments, to which `--output` is added. */
export type RunAz = (args: readonly string[]) => Promise<AzAnswer>

/** The limits of one run of `identity --verify`. */
const azBounds = { maxCommands: 500, maxBytes: 8 * 1024 * 1024, timeoutMs: maxProgramMs }

/**
 * Runs the Azure CLI on the PATH, with the user's own sign-in. Azure's answers may quote names that strangers chose, so
 * the size of the output, the time and the number of commands are bounded, and no part of the output is ever executed.
 */
export function startAz(changes: Partial<typeof azBounds> = {}): RunAz {
  const bounds = { ...azBounds, ...changes }
  let commands = 0
  return async (args) => {
    commands += 1
    if (commands > bounds.maxCommands)
      return failed(
        `this takes more than ${bounds.maxCommands} commands of az; pass fewer files`,
        true,
      )
    return parseOutput(commandOf(args), await runOnce(args, bounds), bounds)
  }
}

const failed = (sentence: string, isForAll = false): AzAnswer => ({
  kind: 'failed',
  sentence,
  isForAll,
})

/** Names a command by the words before its first option: `az keyvault show`. */
export function commandOf(args: readonly string[]): string {
  const end = args.findIndex((arg) => arg.startsWith('-'))
  return ['az', ...args.slice(0, end)].join(' ')
}

function runOnce(args: readonly string[], bounds: typeof azBounds): Promise<ProgramEnd> {
  return runProgram(['az', ...args, '--output', 'json', '--only-show-errors'], {
    ...bounds,
    // `az` must never prompt, or install an extension.
    env: { ...process.env, AZURE_EXTENSION_USE_DYNAMIC_INSTALL: 'no', AZURE_CORE_NO_COLOR: '1' },
  })
}

function parseOutput(command: string, output: ProgramEnd, bounds: typeof azBounds): AzAnswer {
  switch (output.kind) {
    case 'not-started':
      return output.code === 'ENOENT'
        ? failed('the Azure CLI (az) isn’t installed, or isn’t on the PATH', true)
        : failed(`the Azure CLI (az) can’t be started (${output.code})`, true)
    case 'timeout':
      return failed(`${command} didn’t end within ${bounds.timeoutMs / 1000} s`)
    case 'too-large':
      return failed(`${command} printed more than ${bounds.maxBytes / 1024} KiB`)
    case 'ended':
      return output.code === 0 ? parseJson(command, output.stdout) : failureOf(command, output)
    default:
      return output satisfies never
  }
}

function parseJson(command: string, stdout: string): AzAnswer {
  try {
    return { kind: 'answered', value: JSON.parse(stdout) }
  } catch {
    return failed(`${command} printed something that isn’t JSON`)
  }
}

/** Azure CLI 2.91.0 says `Please run 'az login'` when nobody is signed in, or when the sign-in has expired. */
function failureOf(
  command: string,
  { code, stderr }: { readonly code: number | null; readonly stderr: string },
): AzAnswer {
  const lines = stderr.slice(0, 16_384).split('\n').filter(Boolean)
  const line = lines.find((line) => line.startsWith('ERROR:')) ?? lines[0] ?? ''
  const said = printable(line.replace(/^ERROR: */, ''), 300)
  if (/\baz login\b/.test(stderr.slice(0, 16_384)))
    return failed(`az isn’t signed in; run az login (${said})`, true)
  const end = code === null ? 'was ended by a signal' : `failed with exit code ${code}`
  return failed(`${command} ${end}${said === '' ? '' : `: ${said}`}`)
}
