/** The variable that `npm run cluster:test -- --required` sets. */
export const requiredVariable = 'CLUSTER_TESTS_REQUIRED'

/**
 * Returns why a test is skipped.
 *
 * @throws Error with the reason if the tests were started with `--required`
 */
export function unlessRequired(reason: string): string {
  if (process.env[requiredVariable]) throw new Error(reason)
  return reason
}
