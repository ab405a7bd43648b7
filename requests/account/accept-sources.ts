import {
  joinProblems,
  type Problem,
  plainProblem,
  type SyncCode,
} from '../../lib/problems/problem.ts'
import type { AzureIdentity } from '../annotations/azure-identity.ts'
import { maxSpreads, maxTargets } from '../secret/secret-bounds.ts'
import { type SourceRef, sourceNouns, sourceTitle } from '../secret/source-ref.ts'
import { accountProblem } from '../source/choose-account.ts'
import type { Source } from '../source/source.ts'
import type { SourceMistake } from './account-request.ts'

/** What an account's own annotations decide before its sources are looked at. */
interface AccountBasis {
  readonly name: string
  /** The identity that the annotations name. */
  readonly identity: AzureIdentity
  readonly defaultTenantId: string | undefined
  /** Whether the annotations ask for an identity binding. Absent: they don't say. */
  readonly asksForBinding: boolean | undefined
  /** Why no account can sign in by an identity binding, if so. */
  readonly bindingObstacle: string | undefined
  /** Whether the annotation `akv-injector.io/sync` requests Secrets. */
  readonly hasOwnSecrets: boolean
  /** The names of the Secrets that the annotation requests. */
  readonly ownNames: ReadonlySet<string>
  /** How many entries the annotation has. */
  readonly ownTargets: number
  /** How many of them are `#*`. */
  readonly ownWholeObjects: number
}

interface AcceptedSources {
  readonly accepted: readonly Source[]
  readonly mistakes: readonly SourceMistake[]
  /** The identity to sign in as. A source fills in what the annotations leave open. */
  readonly identity: AzureIdentity
  readonly usesBinding: boolean
}

/**
 * Decides which sources of an account are synced: those without a mistake that fit together. An account has one identity,
 * which its annotations name or, if they don't, its oldest source.
 *
 * @param sources - the oldest first
 */
export function acceptSources(sources: readonly Source[], basis: AccountBasis): AcceptedSources {
  const { defaultTenantId, hasOwnSecrets } = basis
  const accepted: Source[] = []
  const mistakes: SourceMistake[] = []
  let identity = basis.identity
  // The annotation's Secrets are read in the administrator's tenant, and no source may change that.
  let tenantId = identity.tenantId ?? (hasOwnSecrets ? defaultTenantId : undefined)
  // As for the tenant.
  let usesBinding = basis.asksForBinding ?? (hasOwnSecrets ? false : undefined)
  let targets = basis.ownTargets
  let wholeObjects = basis.ownWholeObjects
  for (const source of sources) {
    const account = { account: basis.name, clientId: identity.clientId, tenantId }
    const conflicts = [
      ...nameProblems(source, basis),
      ...countProblems(targets + targetsIn(source)),
      ...wholeObjectProblems(wholeObjects + wholeObjectsIn(source)),
    ]
    const problems = [
      ...source.problems,
      ...identityProblems(source, account).map((sentence) => accountProblem(sentence)),
      ...bindingProblems(source, basis, usesBinding).map((sentence) => accountProblem(sentence)),
      ...conflicts.map((sentence) => plainProblem(sentence)),
    ]
    if (problems.length > 0) {
      mistakes.push(mistakeOf(source, problems))
      continue
    }
    accepted.push(source)
    targets += targetsIn(source)
    wholeObjects += wholeObjectsIn(source)
    const { hints } = source
    tenantId ??= source.tenantId ?? defaultTenantId
    usesBinding ??= source.usesBinding
    identity = {
      ...((identity.clientId ?? hints.clientId) && {
        clientId: identity.clientId ?? hints.clientId,
      }),
      ...(tenantId !== undefined && { tenantId }),
    } as AzureIdentity
  }
  return { accepted, mistakes, identity, usesBinding: usesBinding ?? false }
}

/** The mistake of a source, for an Event. */
export function mistakeOf(
  { ref, uid }: { readonly ref: SourceRef; readonly uid: string },
  problems: readonly Problem[],
): SourceMistake {
  const message = `${sourceTitle(ref)}: ${joinProblems(problems)}`
  return { source: { ...ref, uid }, code: codeOf(problems), message }
}

/** Mistakes of the source itself come first: they have to be corrected in any case. */
function codeOf(problems: readonly Problem[]): SyncCode {
  const codes = problems.map(({ code = 'AKV_SYNC_SOURCE' }) => code)
  return codes.find((code) => code === 'AKV_SYNC_SOURCE') ?? codes[0] ?? 'AKV_SYNC_SOURCE'
}

const nameProblems = ({ secrets }: Source, { name: account, ownNames }: AccountBasis) =>
  secrets.flatMap(({ name }) =>
    ownNames.has(name)
      ? [`Secret ${name}: the annotation of ServiceAccount ${account} requests it too; rename one`]
      : [],
  )

function identityProblems(
  { ref, hints, tenantId }: Source,
  account: {
    readonly account: string
    readonly clientId: string | undefined
    readonly tenantId: string | undefined
  },
): readonly string[] {
  const differs = (found: string | undefined, used: string | undefined) =>
    found !== undefined && used !== undefined && found !== used
  const rule = 'an account has one identity'
  const what = sourceNouns[ref.kind]
  return [
    ...(differs(hints.clientId, account.clientId)
      ? [
          `names the client ${hints.clientId}, but ServiceAccount ${account.account} signs in as ${account.clientId}; ${rule}: use client ${account.clientId}, or annotate ${what} with another account`,
        ]
      : []),
    ...(differs(tenantId, account.tenantId)
      ? [
          `names the tenant ${tenantId}, but ServiceAccount ${account.account} signs in to ${account.tenantId}; ${rule}: use tenant ${account.tenantId}, or annotate ${what} with another account`,
        ]
      : []),
  ]
}

/** The annotations decide for all sources, unless they say no. Otherwise, all sources have to agree. */
function bindingProblems(
  { ref, usesBinding }: Source,
  { name, asksForBinding, bindingObstacle }: AccountBasis,
  decided: boolean | undefined,
): readonly string[] {
  if (asksForBinding || usesBinding === undefined) return []
  if (decided !== undefined && usesBinding !== decided) {
    const [its, accounts] = usesBinding ? bindingWays : bindingWays.toReversed()
    return [
      `signs in ${its}, but ServiceAccount ${name} ${accounts}; an account signs in one way: use that one, or annotate ${sourceNouns[ref.kind]} with another account`,
    ]
  }
  return usesBinding && bindingObstacle !== undefined ? [bindingObstacle] : []
}

const bindingWays = ['by an identity binding', 'with a federated credential']

/** A find gives any number of keys, too. */
const wholeObjectsIn = ({ values, finds = [] }: Pick<Source, 'values' | 'finds'>): number =>
  values.filter(({ property }) => property === '*').length + finds.length

/** An older version counts with all newer ones, which are read with it. */
const targetsIn = ({ values }: Pick<Source, 'values'>): number =>
  values.reduce((sum, { versions = 1 }) => sum + versions, 0)

const wholeObjectProblems = (wholeObjects: number): readonly string[] =>
  wholeObjects > maxSpreads
    ? [
        `with it, the account would read all properties of ${wholeObjects} objects; accepted: at most ${maxSpreads}`,
      ]
    : []

const countProblems = (targets: number): readonly string[] =>
  targets > maxTargets
    ? [`with it, the account would have ${targets} entries; accepted: at most ${maxTargets}`]
    : []
