import { InputError } from '../../command/input-error.ts'
import { errorLines } from '../input/text/file-error.ts'
import { type CheckInput, type ReadingOptions, readCheckInput } from './read-check-input.ts'

/**
 * Reads manifests for a command whose output would be wrong if a named file were missing.
 *
 * @returns `errors` about files in folders. The caller reports them, and exits with 2
 * @throws InputError with every file that can't be read, if one of them was named
 */
export async function readWholeInput(
  paths: readonly string[],
  options: ReadingOptions,
): Promise<Omit<CheckInput, 'fatal'>> {
  const { fatal, ...input } = await readCheckInput(paths, options)
  if (fatal.length === 0) return input
  const [first, ...others] = input.errors
  throw new InputError(first?.message ?? '', errorLines(others))
}
