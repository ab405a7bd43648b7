import { isInCi } from './in-ci.ts'

/**
 * Whether expected outputs are to be written anew, to be read in the diff.
 *
 * @throws Error in CI, where nobody reads the diff
 */
export function updatesGolden(env: NodeJS.ProcessEnv = process.env): boolean {
  const updates = Boolean(env['UPDATE_GOLDEN'])
  if (updates && isInCi(env))
    throw new Error(
      'UPDATE_GOLDEN makes the tests expect whatever the code does, so it is refused with CI=true; unset one of them',
    )
  return updates
}
