import { maxListedPages } from '../../delivery/contract.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import type { FindResult, FoundByFind } from '../../keyvault/finds/find-result.ts'
import { matchPattern } from '../../keyvault/finds/match-pattern.ts'
import { type FindBounds, runFinds } from '../../keyvault/finds/run-finds.ts'
import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { foundFile, wantedFindKey } from './config-with-found.ts'

const bounds: FindBounds = {
  maxPages: maxListedPages,
  maxFound: 500,
  maxTogether: 500,
  owner: 'pod',
}

/**
 * Carries out the finds of a pod. Each vault is listed once for all of them.
 *
 * @param options - `files`: what is in place; `isDue`: whether a vault is listed now
 * @returns what each find has found, by `wantedFindKey`. Beyond a bound, and after a failure, it is what was found before
 */
export async function listFinds(
  context: Pick<AgentContext, 'config' | 'session' | 'clock' | 'signal'>,
  options: {
    readonly before: FoundByFind
    readonly files: Content['files']
    readonly isDue: (vault: string) => boolean
  },
): Promise<FoundByFind> {
  const { config, session, clock, signal } = context
  const { before, files, isDue } = options
  const { finds = [], onDeleted } = config
  const found = await runFinds({
    finds: finds.map((find) => ({
      key: wantedFindKey(find),
      vault: find.vault,
      isDue: isDue(find.vault),
      matcher: () => matchPattern(find),
      keepsGone: (name) => onDeleted === 'keep' && files.has(foundFile(find, name).path),
    })),
    ...{ before, bounds, clock, signal },
    reader: renewRefusedToken(session),
  })
  // A find beyond `maxTogether` comes without secrets.
  const withSecrets = ([key, result]: readonly [string, FindResult]) => {
    const secrets = result.secrets ?? before.get(key)?.secrets
    return [key, { ...result, ...(secrets && { secrets }) }] as const
  }
  return new Map([...found].map(withSecrets))
}
