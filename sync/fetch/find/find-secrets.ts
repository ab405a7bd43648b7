import type { SecretValue } from '../../../delivery/destination.ts'
import type { FoundByFind } from '../../../keyvault/finds/find-result.ts'
import { type FindBounds, runFinds } from '../../../keyvault/finds/run-finds.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { maxProperties, maxTargets } from '../../../requests/secret/secret-bounds.ts'
import { type SecretFind, secretFindKey } from '../../../requests/secret/secret-find.ts'
import { foundValue } from './expand-finds.ts'
import { matchCriteria } from './match-criteria.ts'

/** A list may have 10,000 secrets. */
const bounds: FindBounds = {
  maxPages: 400,
  maxFound: maxProperties,
  maxTogether: maxTargets,
  owner: 'account',
}

interface FindSecretsOptions
  extends Pick<Parameters<typeof runFinds>[0], 'before' | 'reader' | 'clock' | 'signal'> {
  readonly finds: readonly SecretFind[]
  /** Whether the vault is listed for a find in this round. */
  readonly isDue: (find: SecretFind) => boolean
  /** Whether a secret that the vault no longer lists stays found, by where its value would go. */
  readonly isKept: (to: SecretValue['to']) => boolean
  /** Is charged for comparing names. */
  readonly budget: CpuBudget
}

/** Carries out the finds of an account. */
export const findSecrets = async ({
  finds,
  isDue,
  isKept,
  budget,
  ...options
}: FindSecretsOptions): Promise<FoundByFind> =>
  await runFinds({
    ...options,
    bounds,
    finds: finds.map((find) => ({
      key: secretFindKey(find),
      vault: find.vault,
      isDue: isDue(find),
      matcher: () => matchCriteria(find.criteria, budget),
      keepsGone: (name) => isKept(foundValue(find, { name }).to),
    })),
  })
