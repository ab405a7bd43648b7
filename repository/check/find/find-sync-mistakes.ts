import { describeProblem, type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import { type AccountRequest, claimsOf } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import { assignSources } from '../../../requests/source/assign-sources.ts'
import type { Source } from '../../../requests/source/source.ts'
import { skipReasons } from '../../../webhook/core/model/outcome.ts'
import type { AccountInFiles } from '../../input/accounts/list-accounts.ts'

interface Namespace {
  readonly namespace: string
  /** The accounts that count as enabled. */
  readonly listed: readonly AccountInFiles[]
  readonly policy: Policy
}

/**
 * Finds the reasons why Secret sync wouldn't make the Secrets of the sources of one namespace: mistakes in a source,
 * and Secrets that another source or an account's annotation requests, too. If there are none, also the mistakes that
 * show only when an account reads the source, such as a client that isn't the account's.
 *
 * @param sources - all sources of the namespace in the files
 * @returns the problems of each source, by its `sourceKey`
 */
export function findSyncMistakes(
  sources: readonly Source[],
  context: Namespace,
): ReadonlyMap<string, readonly Problem[]> {
  const assigned = assignSources(sources, { ...context, missing: new Set() })
  const contested = contestedFinder(context)
  const found = assigned.unassigned.map(
    (source): Mistakes => [
      sourceKey(source.ref),
      // The last problem of an unassigned source is that it has no account. It is left out here, because the caller
      // says what the files lack.
      [...source.problems.slice(0, -1), ...contested(source, undefined)],
    ],
  )
  for (const { ref, problems } of assigned.leftAlone) found.push([sourceKey(ref), problems])
  for (const [name, ofAccount] of assigned.byAccount) {
    const account = context.listed.find((listed) => listed.name === name)
    if (account === undefined) continue
    for (const [key, problems, source] of mistakesOf(account, ofAccount, context))
      found.push([key, [...problems, ...contested(source, name)]])
  }
  return new Map(found)
}

type Mistakes = readonly [key: string, problems: readonly Problem[]]

function mistakesOf(
  account: AccountInFiles,
  sources: readonly Source[],
  { namespace, policy }: Namespace,
): readonly (readonly [...Mistakes, source: Source])[] {
  const request = readAccount({ ...account, namespace }, policy, sources)
  const ofAccount = accountMistakes(account, request)
  // Only mistakes of the source: the others are in the account itself, and reported there.
  const mistakes = new Map(
    request.kind === 'wanted'
      ? request.mistakes.flatMap(({ source, code, message }) =>
          source ? [[sourceKey(source), { ...plainProblem(`${code}: ${message}`), code }]] : [],
        )
      : [],
  )
  return sources.map((source) => {
    const key = sourceKey(source.ref)
    const mistake = mistakes.get(key)
    const others = mistake === undefined ? [] : [mistake]
    const own = source.problems.length > 0 ? source.problems : others
    return [key, [...own, ...ofAccount], source]
  })
}

/** Returns the reasons why Secret sync would read nothing as this account. */
function accountMistakes({ name }: AccountInFiles, request: AccountRequest): readonly Problem[] {
  const field = { path: [], subject: `ServiceAccount ${name}`, code: 'AKV_SYNC_ACCOUNT' } as const
  if (request.kind === 'refused')
    return request.problems.map((problem) => ({ ...field, sentence: describeProblem(problem) }))
  return request.kind === 'off'
    ? [
        {
          ...field,
          sentence: `${skipReasons['turned-off']}, so nothing is read as this account; remove it`,
        },
      ]
    : []
}

/** Returns a function that finds the Secrets of a source that the annotation of another account requests. */
function contestedFinder({ namespace, listed, policy }: Namespace) {
  const owners = new Map<string, string>()
  for (const account of listed) {
    for (const name of claimsOf(readAccount({ ...account, namespace }, policy)))
      if (!owners.has(name)) owners.set(name, account.name)
  }
  return ({ claims }: Source, account: string | undefined): readonly Problem[] =>
    claims.flatMap((secret) => {
      const owner = owners.get(secret)
      return owner === undefined || owner === account
        ? []
        : [
            {
              path: [],
              subject: `Secret ${secret}`,
              sentence: `the annotation of ServiceAccount ${owner} requests it too, and a Secret belongs to one account; rename one`,
            },
          ]
    })
}
