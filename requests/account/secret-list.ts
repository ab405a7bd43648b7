import type { SecretValue } from '../../delivery/destination.ts'
import { describeProblem, type Problem, plainProblem } from '../../lib/problems/problem.ts'
import { ownPath, syncKey } from '../annotations/keys/own-annotations.ts'
import { parsePlainYaml, type YamlBounds } from '../annotations/objects/parse-plain-yaml.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { maxSpreads, maxTargets } from '../secret/secret-bounds.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import { readSecretEntry, type SecretEntry } from './secret-entry.ts'

/** Enough for hundreds of Secrets with a few keys each. All annotations of an object may have 256 KiB together. */
const bounds: YamlBounds = { maxCharacters: 64 * 1024, maxCostly: 6000 }

interface SecretList {
  readonly secrets: readonly RequestedSecret[]
  /** The keys of all Secrets. */
  readonly values: readonly SecretValue[]
  /** The searches that give Secrets their keys. */
  readonly finds: readonly SecretFind[]
  readonly problems: readonly Problem[]
}

/**
 * Reads `akv-injector.io/sync`: a YAML list of Secrets.
 *
 * @param text - absent if the account doesn't have the annotation
 */
export function readSecretList(text: string | undefined, defaultVault?: string): SecretList {
  if (text === undefined) return { secrets: [], values: [], finds: [], problems: [] }
  const path = ownPath(syncKey)
  const refused = (sentence: string): SecretList => ({
    secrets: [],
    values: [],
    finds: [],
    problems: [{ path, sentence }],
  })
  const yaml = parsePlainYaml(text, bounds)
  if (yaml.kind === 'invalid') return refused(yaml.problem)
  if (!Array.isArray(yaml.value)) return refused(`expected a list of Secrets, such as ${example}`)
  if (yaml.value.length === 0)
    return refused(
      `lists no Secret; this may be a typo, so existing Secrets are kept; to delete them, remove the annotation`,
    )
  const entries = yaml.value.map((item) => readSecretEntry(item, defaultVault))
  const values = entries.flatMap((entry) => entry.values)
  if (values.length > maxTargets)
    return refused(
      `found ${values.length} entries; accepted: at most ${maxTargets} for one account`,
    )
  const finds = entries.flatMap((entry) => entry.finds)
  const wholeObjects = values.filter(({ property }) => property === '*').length + finds.length
  if (wholeObjects > maxSpreads)
    return refused(
      `found ${wholeObjects} entries with "#*" or "find:"; accepted: at most ${maxSpreads} for one account`,
    )
  const repeated = repetitions(entries)
  const problems = entries.flatMap((entry, index) =>
    [...entry.problems, ...(repeated.get(index) ?? [])].map((problem) => ({
      path,
      sentence: `${fieldOf(entry, index)}: ${describeProblem(problem)}`,
    })),
  )
  return {
    secrets: entries.flatMap(({ secret }) => secret ?? []),
    values,
    finds,
    problems: firstOf(problems, (more) => ({ path, sentence: `and ${more} more mistakes` })),
  }
}

/** Bounded because each problem is kept and logged. */
const mostProblems = 50

/** Returns the first problems, and one that counts the rest. */
function firstOf(problems: readonly Problem[], rest: (count: number) => Problem) {
  const more = problems.length - mostProblems
  return more <= 0 ? problems : [...problems.slice(0, mostProblems), rest(more)]
}

const example = '"- secret: db" with "data: password=db-password" below it'

type Named = Pick<SecretEntry, 'secret'>

const fieldOf = ({ secret }: Named, index: number): string =>
  secret === undefined ? `item ${index + 1}` : `item ${index + 1}, Secret ${secret.name}`

/** The items that name the same Secret as an earlier item, by index. */
function repetitions(entries: readonly Named[]): ReadonlyMap<number, readonly Problem[]> {
  const firsts = new Map<string, number>()
  const found = new Map<number, readonly Problem[]>()
  for (const [index, { secret }] of entries.entries()) {
    if (secret === undefined) continue
    const first = firsts.get(secret.name)
    if (first === undefined) firsts.set(secret.name, index)
    else
      found.set(index, [
        plainProblem(`item ${first + 1} already lists this Secret; merge the two items`),
      ])
  }
  return found
}
