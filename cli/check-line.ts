import { check } from '../repository/check/check.ts'
import { addCheck } from './check-command.ts'
import { runWithCommands } from './run-with-commands.ts'

/**
 * Runs `akv-injector check` with these arguments, of which the first is `check`. People run it before each commit, so all of its
 * code is one file of the bundle, without the other commands (image/bundle.ts).
 *
 * @returns the exit code, and everything else, as {@link runCommandLine} in command-line.ts
 */
export const runCheckLine = (args: readonly string[]): Promise<number> =>
  runWithCommands(args, (program, end) => addCheck(program, end, check))
