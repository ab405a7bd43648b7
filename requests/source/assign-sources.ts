import { type Problem, plainProblem } from '../../lib/problems/problem.ts'
import { type SourceRef, sourceKey, sourceNouns, sourceTitle } from '../secret/source-ref.ts'
import {
  accountChooser,
  accountProblem,
  type ChosenAccount,
  type ListedAccount,
} from './choose-account.ts'
import { byAge, type Source } from './source.ts'

/** The sources of a namespace and the accounts that read them. */
export interface AssignedSources {
  /** The oldest source first. */
  readonly byAccount: ReadonlyMap<string, readonly Source[]>
  /** The sources that no account reads; each has a problem. */
  readonly unassigned: readonly Source[]
  /** The sources that belong to another controller. */
  readonly leftAlone: readonly Source[]
}

/**
 * Assigns each source of a namespace to an account, except those that are left alone. If two sources request the same
 * Secret, the older one keeps it, even if it has another problem: its Secret has to stay as it is.
 *
 * @param options - `listed`: the accounts that are enabled; `missing`: those among them that don't exist
 */
export function assignSources(
  sources: readonly Source[],
  options: {
    readonly namespace: string
    readonly listed: readonly ListedAccount[]
    readonly missing: ReadonlySet<string>
  },
): AssignedSources {
  const byAccount = new Map<string, Source[]>()
  const unassigned: Source[] = []
  const leftAlone = sources.filter((source) => source.isLeftAlone)
  const claims = createClaims()
  const choose = accountChooser(options)
  for (const source of [...sources].sort(byAge)) {
    const claimed = { ...source, problems: [...source.problems, ...claims.claim(source)] }
    if (source.isLeftAlone) continue
    const chosen = existing(choose(source.hints, sourceNouns[source.ref.kind]), options)
    if (chosen.kind === 'none')
      unassigned.push({
        ...claimed,
        problems: [...claimed.problems, accountProblem(chosen.sentence, chosen.path)],
      })
    else {
      const sources = byAccount.get(chosen.name) ?? []
      sources.push(claimed)
      byAccount.set(chosen.name, sources)
    }
  }
  for (const [name, assigned] of byAccount) byAccount.set(name, assigned.map(claims.withRivals))
  return { byAccount, unassigned, leftAlone }
}

/** A sentence of an Event has no room for more. */
const maxRivals = 3

/** Who requests which Secret. */
function createClaims() {
  const owners = new Map<string, SourceRef>()
  /** Notes for the owner, by its `sourceKey`. */
  const rivals = new Map<string, string[]>()
  return {
    /** Claims the Secrets of a source. Returns a problem for each that an older source has claimed. */
    claim({ ref, claims }: Source): readonly Problem[] {
      return claims.flatMap((name) => {
        const owner = owners.get(name)
        if (owner === undefined) {
          owners.set(name, ref)
          return []
        }
        const known = rivals.get(sourceKey(owner)) ?? []
        if (known.length < maxRivals)
          known.push(`Secret ${name}: ${sourceTitle(ref)} requests it too and does not get it`)
        rivals.set(sourceKey(owner), known)
        return [
          plainProblem(
            `Secret ${name}: ${sourceTitle(owner)}, which is older or first by name, requests it too; rename one`,
          ),
        ]
      })
    },
    /** Adds what the owner of Secrets should know of others that request them. */
    withRivals(source: Source): Source {
      const notes = rivals.get(sourceKey(source.ref))
      return notes === undefined
        ? source
        : { ...source, notes: [...(source.notes ?? []), ...notes] }
    },
  }
}

const existing = (
  chosen: ChosenAccount,
  { namespace, missing }: { readonly namespace: string; readonly missing: ReadonlySet<string> },
): ChosenAccount =>
  chosen.kind === 'chosen' && missing.has(chosen.name)
    ? {
        kind: 'none',
        sentence: `it is read as ServiceAccount ${chosen.name}, which namespace ${namespace} does not have; create the account`,
      }
    : chosen
