import type { RequestedRefresh } from '../cluster/refresh-now.ts'

/** The states of a pod or an account, the worst first. */
export const rowStates = ['failed', 'stale', 'starting', 'unknown', 'fresh', 'once'] as const

/** A line of `status`. */
export interface StatusRow {
  /** `Pod`, `ServiceAccount`, `ExternalSecret` or `SecretProviderClass`, or the kind of a workload that isn't rolled out. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** The workload of a pod: `Deployment/web`. */
  readonly workload?: string
  /** How many other pods of the workload have ended with the same code. The row is about the newest. */
  readonly otherDead?: number
  /**
   * - `failed`: the agent or the controller has given up, or has ended
   * - `stale`: the objects are those of an earlier refresh
   * - `starting`: nothing has been written yet
   * - `unknown`: the agent could not be asked
   * - `once`: the agent fetched everything at the start of the pod, and doesn't refresh it
   */
  readonly state: (typeof rowStates)[number]
  /** Why it fails. Absent if nothing fails. */
  readonly code?: string
  readonly sinceMs?: number
  readonly why?: string
  readonly vaults: readonly string[]
  readonly objects: number
  /** When the newest version was written. */
  readonly setSinceMs?: number
  /** The agent's version. */
  readonly agent?: string
  /** Variables that running processes got from an older version than a new process would get. */
  readonly olderVariables: readonly string[]
  /** Whether the agent has refreshed as the annotation `akv-injector.io/refresh-now` asks. Absent: there is no request. */
  readonly refreshNow?: RequestedRefresh
  /** For the sums: each code, with the vault of the objects that fail with this code. */
  readonly failures: readonly { readonly code: string; readonly vault: string }[]
}

/** Shown instead of a vault if a failure concerns more than one. */
const noVault = '-'

/** A failure of all objects at once. If they are in one vault, it counts for that vault. */
export const failureOf = (
  code: string | undefined,
  vaults: readonly string[],
): StatusRow['failures'] => {
  const [vault = noVault, ...others] = vaults
  return code === undefined ? [] : [{ code, vault: others.length === 0 ? vault : noVault }]
}

/** Lists each pair of code and vault once. */
export const distinctFailures = (failing: StatusRow['failures']): StatusRow['failures'] => [
  ...new Map(failing.map(({ code, vault }) => [`${code} ${vault}`, { code, vault }])).values(),
]

/** Whether the row makes the command exit with 1. */
export const isFailing = ({ state, failures }: StatusRow): boolean =>
  state !== 'unknown' && failures.length > 0

/** Sorts the worst state first, and within a state, what has lasted longest. */
export function compareRows(a: StatusRow, b: StatusRow): number {
  const byState = rowStates.indexOf(a.state) - rowStates.indexOf(b.state)
  const byTime = (a.sinceMs ?? 0) - (b.sinceMs ?? 0)
  return (
    Number(isFailing(b)) - Number(isFailing(a)) ||
    byState ||
    Number(b.olderVariables.length > 0) - Number(a.olderVariables.length > 0) ||
    byTime ||
    (nameOf(a) < nameOf(b) ? -1 : 1)
  )
}

const nameOf = ({ namespace, kind, name }: StatusRow): string => `${namespace}/${kind}/${name}`
