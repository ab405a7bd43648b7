import { InputError } from '../../command/input-error.ts'
import { type CheckInput, type ReadingOptions, readCheckInput } from './read-check-input.ts'

/**
 * Reads manifests for a command whose output would be wrong if one of them were missing.
 *
 * @throws InputError with every file that can't be read
 */
export async function readWholeInput(
  paths: readonly string[],
  options: ReadingOptions,
): Promise<Omit<CheckInput, 'errors'>> {
  const { errors, ...input } = await readCheckInput(paths, options)
  const [error, ...others] = errors
  if (error === undefined) return input
  throw new InputError(
    error.message,
    others.map(({ message }) => `akv-injector: ${message}`),
  )
}
