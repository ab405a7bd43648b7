import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import { type SecretFind, secretFindKey } from '../../../requests/secret/secret-find.ts'
import type { RequestedValues, RoundStep } from './round-step.ts'

/**
 * What is known of the lists that the finds of a Secret need. `complete`: the last list of each vault succeeded, or there are no
 * finds; `failed`: the last one of a vault failed, and what an earlier one found is kept; `never`: a vault has never been listed.
 */
export type Listing = 'complete' | 'failed' | 'never'

/** @param name - of a requested Secret */
export function listingOf(name: string, { request, values }: RequestedValues): Listing {
  const results = findsOf(name, request).map((find) => values.findings.get(secretFindKey(find)))
  if (results.some((result) => result?.secrets === undefined)) return 'never'
  return results.some((result) => result?.error !== undefined) ? 'failed' : 'complete'
}

/** The finds that failed, whatever they had found before. A Secret is told about the first of its own. */
export function findFailures(
  secrets: readonly RequestedSecret[],
  { request, values }: RequestedValues,
): readonly RoundStep[] {
  return secrets.flatMap(({ name }) => {
    const error = findsOf(name, request)
      .map((find): AkvError | undefined => values.findings.get(secretFindKey(find))?.error)
      .find((error) => error !== undefined)
    return error ? [{ kind: 'failed', failure: { kind: 'secret', name, error } }] : []
  })
}

const findsOf = (secret: string, { config }: RequestedValues['request']): readonly SecretFind[] =>
  (config.finds ?? []).filter(({ to }) => to.secret === secret)
