import { printable } from '../../lib/printable.ts'
import {
  annotationPath,
  type FieldPath,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import { annotationPrefix } from '../annotations/keys/own-annotations.ts'

/** On a source of Secrets, such as a SecretProviderClass: the ServiceAccount to read it as. */
export const accountAnnotation = `${annotationPrefix}service-account`

/** Why a source can't be read as an account. */
export const accountProblem = (sentence: string, path: FieldPath = []): Problem => ({
  ...plainProblem(sentence, path),
  code: 'AKV_SYNC_ACCOUNT',
})

/** What a source says about the account that reads it. */
export interface AccountHints {
  /** The account that the source names itself. */
  readonly account?: string | undefined
  /** The client that the source names, in lower case. */
  readonly clientId?: string | undefined
  /** The value of {@link accountAnnotation}. */
  readonly annotated?: string | undefined
  /** Whether something that isn't known could name the account. */
  readonly isOpen?: boolean
}

/** An account that is enabled in the namespace. */
export interface ListedAccount {
  readonly name: string
  /** The client that the account's annotations name, in lower case. Absent if they name none. */
  readonly clientId?: string | undefined
}

export type ChosenAccount =
  | { readonly kind: 'chosen'; readonly name: string }
  | {
      readonly kind: 'none'
      readonly sentence: string
      /** The annotation of the source that the sentence is about. */
      readonly path?: FieldPath
    }

/**
 * Chooses the ServiceAccount to read a source as, among those that are enabled in the source's namespace
 * (docs/specification.md, "Whose account"): the one that the source names, or the only one with the source's client; else the
 * one that its annotation names; else the only one.
 */
export const chooseAccount = (hints: AccountHints, { what, ...options }: ChoiceOf): ChosenAccount =>
  accountChooser(options)(hints, what)

interface ChoiceOptions {
  readonly namespace: string
  readonly listed: readonly ListedAccount[]
}

interface ChoiceOf extends ChoiceOptions {
  /** The source in a sentence, such as "the class". */
  readonly what: string
}

/** Chooses as {@link chooseAccount} does. Looks through the accounts only once for any number of sources. */
export function accountChooser(
  options: ChoiceOptions,
): (hints: AccountHints, what: string) => ChosenAccount {
  const { listed, namespace } = options
  const byClient = Map.groupBy(listed, ({ clientId }) => clientId)
  const names = new Set(listed.map(({ name }) => name))
  return ({ account, clientId, annotated }, what) => {
    if (account !== undefined)
      return names.has(account)
        ? { kind: 'chosen', name: account }
        : {
            kind: 'none',
            sentence: `its store names ServiceAccount ${printable(account)}, which is not enabled in namespace ${namespace}`,
          }
    const ofClient = clientId === undefined ? [] : (byClient.get(clientId) ?? [])
    if (ofClient.length === 1 && ofClient[0]) return { kind: 'chosen', name: ofClient[0].name }
    if (annotated !== undefined && names.has(annotated)) return { kind: 'chosen', name: annotated }
    // Reading it as another account than the one that it names would surprise its owner.
    if (annotated === undefined && listed.length === 1 && listed[0])
      return { kind: 'chosen', name: listed[0].name }
    const sentence = noneSentence(annotated, { ...options, what })
    return annotated === undefined
      ? { kind: 'none', sentence }
      : { kind: 'none', sentence, path: annotationPath(accountAnnotation) }
  }
}

/** A sentence of an Event has no room for more. */
const maxNames = 10

function noneSentence(
  annotated: string | undefined,
  { namespace, listed, what }: ChoiceOf,
): string {
  const enabled = listed.length === 0 ? 'no account' : listAccountNames(listed)
  return `${butAnnotated(annotated)}Secret sync is enabled for ${enabled} in namespace ${namespace}; annotate ${what} with ${accountAnnotation}`
}

/** The beginning of a sentence about a source whose annotation names an account that can't be chosen. */
export const butAnnotated = (annotated: string | undefined): string =>
  annotated === undefined ? '' : `${accountAnnotation} names "${printable(annotated, 63)}", but `

/** The names of the first accounts, and how many more there are. */
export function listAccountNames(listed: readonly ListedAccount[]): string {
  const names = listed.slice(0, maxNames).map(({ name }) => printable(name))
  const more = listed.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
