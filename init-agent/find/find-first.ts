import type { WantedFind } from '../../delivery/contract.ts'
import type { Deadline } from '../../delivery/projection/deadline.ts'
import { noContent } from '../../delivery/projection/project-content.ts'
import { retry } from '../../delivery/projection/retry.ts'
import { type FoundByFind, nothingFound } from '../../keyvault/finds/find-result.ts'
import { AkvError, combineErrors } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { wantedFindKey } from './config-with-found.ts'
import { listFinds } from './list-finds.ts'

/**
 * Carries out the finds of a pod that starts. Retries until the deadline; a vault that has been listed isn't listed again.
 *
 * @throws AkvError if a vault can't be listed, or if a find that isn't optional finds nothing
 */
export async function findFirst(
  context: Pick<AgentContext, 'config' | 'session' | 'clock' | 'signal'>,
  options: {
    readonly deadline: Deadline
    readonly onRetry: (vault: string, error: AkvError) => void
  },
): Promise<FoundByFind> {
  const { config, clock, signal } = context
  const { deadline, onRetry } = options
  const { finds = [] } = config
  let found = nothingFound
  let failed: WantedFind | undefined
  const attempt = async () => {
    const open = new Set(finds.filter((find) => !isFound(find, found)).map(({ vault }) => vault))
    found = await listFinds(context, {
      before: found,
      files: noContent.files,
      isDue: (vault) => open.has(vault),
    })
    failed = finds.find((find) => !isFound(find, found))
    const error = failed && found.get(wantedFindKey(failed))?.error
    if (error) throw error
  }
  const onFailure = (error: AkvError) => onRetry(failed?.vault ?? '', error)
  await retry(attempt, { clock, deadline, signal, onFailure })
  const nothing = combineErrors(finds.flatMap((find) => whyEmpty(find, found)))
  if (nothing) throw nothing
  return found
}

function isFound(find: WantedFind, found: FoundByFind): boolean {
  const { secrets, error } = found.get(wantedFindKey(find)) ?? {}
  return secrets !== undefined && error === undefined
}

function whyEmpty(find: WantedFind, found: FoundByFind): readonly AkvError[] {
  const { vault, pattern, tags = {}, includesCertificates, optional } = find
  if (optional || found.get(wantedFindKey(find))?.secrets?.length !== 0) return []
  const withTags = Object.keys(tags).length > 0 ? ' with these tags' : ''
  const others = includesCertificates ? '' : " (those of certificates aren't searched)"
  return [
    new AkvError(
      'AKV_OBJECT_NOT_FOUND',
      `find in vault ${vault}: no enabled secret${withTags} matches ${pattern}${others}; correct the entry, or end it with "?" if it may find nothing`,
    ),
  ]
}
