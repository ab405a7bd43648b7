import { addClusterCommands } from './cluster-commands.ts'
import { addLocalCommands } from './local-commands.ts'
import { addProcessCommands } from './process-commands.ts'
import { runWithCommands } from './run-with-commands.ts'

/**
 * Runs `akv-injector` with these arguments. Loads a command's code only when the command runs: the agent starts
 * in every pod and must not load the other commands.
 *
 * @returns the exit code (docs/specification.md, "Command line")
 */
export const runCommandLine = (args: readonly string[]): Promise<number> =>
  runWithCommands(args, (program, end) => {
    addLocalCommands(program, end)
    addClusterCommands(program, end)
    addProcessCommands(program, end)
  })
