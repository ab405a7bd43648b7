import type { Appearance, Holding, Unasked } from './holding.ts'

/**
 * Whether a version is the newest that any pod or Secret holds. `unknown`: only Secrets hold it, and as their statuses
 * have no times, it may be newer than what pods hold.
 */
type VersionAge = 'newest' | 'older' | 'unknown'

/** One version in the pods of a workload, or in a Secret. */
export interface HoldingRow extends Omit<Holding, 'holder'> {
  /** The names of the pods, or of the Secret. */
  readonly holders: readonly string[]
  /** Absent if there is no version. */
  readonly age?: VersionAge
}

export interface UnaskedRow extends Omit<Unasked, 'holder'> {
  readonly holders: readonly string[]
}

/** Groups holdings by workload. Those without the newest version come first. */
export function groupHoldings(
  holdings: readonly Holding[],
  appearances: readonly Appearance[],
): readonly HoldingRow[] {
  const ageOf = versionAges(holdings, appearances)
  const expiries = new Map(
    holdings.flatMap(({ version, expiresMs }) =>
      version === undefined || expiresMs === undefined ? [] : [[version, expiresMs]],
    ),
  )
  const groups = Map.groupBy(holdings, (holding) => {
    const { namespace, workload, holder, object, heldIn, version, isPossible } = holding
    const secret = heldIn === 'Secret' ? holder : ''
    return JSON.stringify([namespace, workload, secret, object, heldIn, version, isPossible])
  })
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { holder: _, sinceMs: __, version, ...rest } = first
    const times = group.flatMap(({ sinceMs }) => sinceMs ?? [])
    const expiresMs = version === undefined ? undefined : expiries.get(version)
    return [
      {
        ...rest,
        holders: group.map(({ holder }) => holder).toSorted(),
        ...(version !== undefined && { version, age: ageOf(first) }),
        ...(times.length > 0 && { sinceMs: Math.min(...times) }),
        ...(expiresMs !== undefined && { expiresMs }),
      },
    ]
  })
  return rows.toSorted(compareHoldings)
}

/** Groups what could not be asked by workload and reason. */
export function groupUnasked(unasked: readonly Unasked[]): readonly UnaskedRow[] {
  const groups = Map.groupBy(unasked, ({ namespace, workload, why }) =>
    JSON.stringify([namespace, workload, why]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { holder: _, ...rest } = first
    return [{ ...rest, holders: [...new Set(group.map(({ holder }) => holder))].toSorted() }]
  })
}

/**
 * Orders versions by the time at which they first appeared in a pod, because an agent always takes the newest. A pinned
 * version may appear at any time, so it counts only if no pod follows the newest version.
 */
function versionAges(
  holdings: readonly Holding[],
  appearances: readonly Appearance[],
): (holding: Holding) => VersionAge {
  const held = versionsByObject(holdings)
  const appeared = versionsByObject(appearances)
  const seen = Map.groupBy(appearances, ({ objectKey }) => objectKey)
  const newest = new Map([...seen].map(([key, list]) => [key, newestOf(list)]))
  return ({ objectKey, version }) => {
    const newestVersion = newest.get(objectKey)
    if (held.get(objectKey)?.size === 1 || version === newestVersion) return 'newest'
    const hasAppeared = version !== undefined && appeared.get(objectKey)?.has(version) === true
    return newestVersion !== undefined && hasAppeared ? 'older' : 'unknown'
  }
}

function versionsByObject(
  list: readonly Pick<Holding, 'objectKey' | 'version'>[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>()
  for (const { objectKey, version } of list) {
    const known = versions.get(objectKey) ?? new Set()
    versions.set(objectKey, known)
    if (version !== undefined) known.add(version)
  }
  return versions
}

function newestOf(appearances: readonly Appearance[]): string | undefined {
  const following = appearances.filter(({ isPinned }) => !isPinned)
  const counted = following.length > 0 ? following : appearances
  const first = new Map<string, number>()
  for (const { version, atMs } of counted)
    first.set(version, Math.min(atMs, first.get(version) ?? atMs))
  return [...first].toSorted(([, a], [, b]) => b - a)[0]?.[0]
}

const ages: readonly (VersionAge | undefined)[] = ['older', 'unknown', 'newest', undefined]

function compareHoldings(a: HoldingRow, b: HoldingRow): number {
  const byAge = ages.indexOf(a.age) - ages.indexOf(b.age)
  return byAge || (keyOf(a) < keyOf(b) ? -1 : 1)
}

const keyOf = ({ namespace, workload, object, heldIn, version }: HoldingRow): string =>
  [namespace, workload, object, heldIn, version].join('\n')
