/** How a pod or an account is, the worst first. */
export const rowStates = ['failed', 'stale', 'starting', 'unknown', 'fresh', 'once'] as const

/** A line of `status`. */
export interface StatusRow {
  readonly kind: 'Pod' | 'ServiceAccount' | 'ExternalSecret' | 'SecretProviderClass'
  readonly namespace: string
  readonly name: string
  /** Of a pod: `Deployment/web`. */
  readonly workload?: string
  /**
   * - `failed`: the agent or the controller gave up, or ended
   * - `stale`: the objects are those of an earlier refresh
   * - `starting`: nothing has been written yet
   * - `unknown`: it could not be asked
   * - `once`: the agent fetched everything at the start of the pod, and doesn't refresh it
   */
  readonly state: (typeof rowStates)[number]
  /** Why it fails, and since when. A state without a code doesn't fail. */
  readonly code?: string
  readonly sinceMs?: number
  readonly why?: string
  readonly vaults: readonly string[]
  readonly objects: number
  /** When the newest object was put in place. */
  readonly setSinceMs?: number
  /** The version of the agent. */
  readonly agent?: string
  /** Variables of running processes that are older than what is in place now. */
  readonly olderVariables: readonly string[]
  /** For the sums: each code, with the vault of the objects that fail with it. */
  readonly failures: readonly { readonly code: string; readonly vault: string }[]
}

/** Stands for the vault of a failure that concerns no single vault. */
const noVault = '-'

/** The failure of everything at once. It is counted for the vault, if there is only one. */
export const failureOf = (
  code: string | undefined,
  vaults: readonly string[],
): StatusRow['failures'] => {
  const [vault = noVault, ...others] = vaults
  return code === undefined ? [] : [{ code, vault: others.length === 0 ? vault : noVault }]
}

/** Each code and vault once. */
export const distinctFailures = (failing: StatusRow['failures']): StatusRow['failures'] => [
  ...new Map(failing.map(({ code, vault }) => [`${code} ${vault}`, { code, vault }])).values(),
]

/** Whether the row makes the command exit with 1. */
export const isFailing = ({ state, failures }: StatusRow): boolean =>
  state !== 'unknown' && failures.length > 0

/** The worst first, and the longest of those. */
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
