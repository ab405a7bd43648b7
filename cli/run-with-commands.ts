import { Command, CommanderError } from 'commander'
import type { End } from '../command/end.ts'
import { InputError } from '../command/input-error.ts'
import { programName } from '../command/program-name.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { version } from '../lib/version.ts'

const details = `
All commands read the administrator's settings (cloud, vaults and defaults) from AKV_INJECTOR_* variables.
Exit codes: 0 success, 1 failure, 2 invalid input or usage.`

/**
 * Runs `akv-injector` with these arguments.
 *
 * @param addCommands - adds the commands that the arguments may name
 * @returns the exit code (docs/specification.md, "Command line")
 */
export async function runWithCommands(
  args: readonly string[],
  addCommands: (program: Command, end: End) => void,
): Promise<number> {
  let exitCode = 0
  const program = buildProgram(programName(process.argv[1]))
  addCommands(program, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has printed it: requested help exits with 0, a usage error with 2.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof InputError)) throw error
    printLines(process.stderr, [`akv-injector: ${error.message}`, ...error.details])
    return 2
  }
}

function buildProgram(name: string): Command {
  return (
    new Command(name)
      .description(
        'Delivers Azure Key Vault secrets to annotated Kubernetes pods, as files and environment variables.',
      )
      .version(version)
      // A command may have an option --version of its own.
      .enablePositionalOptions()
      .addHelpText('after', details)
      .exitOverride()
      // Commander's messages contain the arguments.
      .configureOutput({
        writeErr: (text) => printLines(process.stderr, text.trimEnd().split('\n')),
      })
      .showHelpAfterError(`Run '${name} --help' for usage.`)
      .helpCommand('help [command]', 'show the help of a command')
  )
}
