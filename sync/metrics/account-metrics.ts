import { setImmediate } from 'node:timers/promises'

/** The enabled accounts that exist. */
export type EnabledAccountNames = Iterable<{ readonly namespace: string; readonly name: string }>

/** The state of one Secret. */
export interface SecretFigures {
  readonly isSynced: boolean
  /** How long it has been failing, or its refresh has been overdue; 0 if neither. */
  readonly staleSeconds: number
}

export type SecretsOf = (namespace: string, account: string) => readonly SecretFigures[]

/** Strangers enable accounts, so there must be an end. */
const maxAccounts = 20_000
/** How many accounts are written before the event loop gets its turn. */
const sliceSize = 1000

/**
 * Writes the gauges of all enabled accounts that exist, up to a bound, in Prometheus' text format. An account without Secrets shows zeros. With
 * thousands of accounts, prom-client would block the event loop for a tenth of a second on each scrape.
 *
 * @param prefix - of the names of the metrics
 */
export async function accountGauges(
  accounts: EnabledAccountNames,
  { prefix, secretsOf }: { readonly prefix: string; readonly secretsOf: SecretsOf },
): Promise<string> {
  const counts: string[] = []
  const staleness: string[] = []
  for (const { namespace, name } of accounts) {
    if (staleness.length >= maxAccounts) break
    const secrets = secretsOf(namespace, name)
    const synced = secrets.filter(({ isSynced }) => isSynced).length
    const stale = Math.max(0, ...secrets.map(({ staleSeconds }) => staleSeconds))
    // The names are valid names of Kubernetes, so nothing in them has to be escaped.
    const labels = `namespace="${namespace}",account="${name}"`
    counts.push(
      `${prefix}secrets{${labels},state="synced"} ${synced}`,
      `${prefix}secrets{${labels},state="failing"} ${secrets.length - synced}`,
    )
    if (staleness.push(`${prefix}staleness_seconds{${labels}} ${stale}`) % sliceSize === 0)
      await setImmediate()
  }
  return [
    `# HELP ${prefix}secrets Requested Secrets by account and state`,
    `# TYPE ${prefix}secrets gauge`,
    ...counts,
    '',
    `# HELP ${prefix}staleness_seconds How long the worst Secret of an account has been failing, or its refresh has been overdue`,
    `# TYPE ${prefix}staleness_seconds gauge`,
    ...staleness,
    '',
  ].join('\n')
}
