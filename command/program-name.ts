import { basename } from 'node:path'

/** The program's own name, under which the completion scripts are registered. */
export const ownName = 'akv-injector'

/**
 * What a user types to run the program. kubectl runs a program named `kubectl-akv_injector` as `kubectl akv-injector`.
 *
 * @param file - `process.argv[1]`: the path that the program was started with, which may be a link
 */
export const programName = (file = ''): string =>
  basename(file) === 'kubectl-akv_injector' ? `kubectl ${ownName}` : ownName
