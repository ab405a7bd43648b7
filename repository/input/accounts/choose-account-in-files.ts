import { azureAnnotations } from '../../../requests/annotations/azure-identity.ts'
import {
  type AccountHints,
  accountAnnotation,
  butAnnotated,
  type ChosenAccount,
  chooseAccount,
  type ListedAccount,
  listAccountNames,
} from '../../../requests/source/choose-account.ts'

/**
 * Chooses the ServiceAccount that reads a source, as Secret sync does. A command doesn't know which accounts are
 * enabled, so all accounts that the files have or name count as enabled, and the sentence says so.
 */
export function chooseAccountInFiles(
  hints: AccountHints,
  options: {
    readonly namespace: string
    readonly listed: readonly ListedAccount[]
    /** What a sentence calls the source, such as "the class". */
    readonly what: string
  },
): ChosenAccount {
  const chosen = chooseAccount(hints, options)
  if (chosen.kind === 'chosen') return chosen
  const { namespace, listed, what } = options
  const annotate = `annotate ${what} with ${accountAnnotation}`
  const sentence =
    listed.length === 0
      ? `these files have no ServiceAccount in namespace ${namespace} that could read ${what}; add one with the annotation ${azureAnnotations.clientId}, or, if it is elsewhere, ${annotate}`
      : `${butAnnotated(hints.annotated)}these files name ${listAccountNames(listed)} in namespace ${namespace}, and all of them count as enabled; ${annotate}, or pass only the accounts that are enabled`
  return { ...chosen, sentence }
}
