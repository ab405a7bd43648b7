import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { listSecrets } from '../../../keyvault/readers/list-secrets.ts'
import type { ObjectReader } from '../../../keyvault/readers/object-reader.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import { maxProperties, maxTargets } from '../../../requests/secret/secret-bounds.ts'
import { type SecretFind, secretFindKey } from '../../../requests/secret/secret-find.ts'
import type { FindResult, FoundByFind, FoundSecret } from './finding.ts'
import { matchCriteria } from './match-criteria.ts'

/** 10,000 secrets. */
const maxPages = 400
/** A secret that was updated this long before it was listed can have the same date after another change. */
const recentMs = 5_000
/** Everything is fetched once an hour, in case a date doesn't tell. Intervals vary by a tenth. */
const allDueAfterMs = 54 * 60_000

interface RunFindsOptions {
  readonly finds: readonly SecretFind[]
  /** Whether the vault is listed for a find in this round. */
  readonly isDue: (find: SecretFind) => boolean
  readonly before: FoundByFind
  readonly reader: ObjectReader
  readonly budget: CpuBudget
  readonly clock: Pick<Clock, 'now' | 'wallTime'>
  readonly signal: AbortSignal
}

/** Lists each vault once for all finds that are due. If that fails, the finds keep what they have found before. */
export async function runFinds(options: RunFindsOptions): Promise<FoundByFind> {
  const { finds, isDue, before, signal } = options
  const found = new Map<string, FindResult>()
  for (const find of finds) {
    const last = before.get(secretFindKey(find))
    if (last) found.set(secretFindKey(find), unchanged(last))
  }
  const byVault = Map.groupBy(finds.filter(isDue), ({ vault }) => vault)
  for (const [vault, searches] of byVault) {
    const searching = searches.map((find) => startSearch(find, options))
    try {
      await searchVault(vault, searching, options)
    } catch (thrown) {
      signal.throwIfAborted()
      for (const search of searching) search.error ??= toAkvError(thrown)
    }
    for (const search of searching) found.set(search.key, findingOf(search, options))
  }
  return withinTotal(finds, found)
}

/** Leaves out what would be too much for the account, because all values of a round are in memory together. */
function withinTotal(finds: readonly SecretFind[], found: FoundByFind): FoundByFind {
  const bounded = new Map<string, FindResult>()
  let total = 0
  for (const find of finds) {
    const key = secretFindKey(find)
    const result = found.get(key)
    if (result === undefined || bounded.has(key)) continue
    const count = result.secrets?.length ?? 0
    const isTooMuch = total + count > maxTargets
    if (!isTooMuch) total += count
    bounded.set(key, isTooMuch ? { error: tooManyTogether(find, total + count) } : result)
  }
  return bounded
}

const tooManyTogether = ({ vault }: SecretFind, count: number): AkvError =>
  new AkvError(
    'AKV_LIST_TOO_LONG',
    `find in vault ${vault}: with it, the finds of the account match ${count} secrets; accepted: at most ${maxTargets} together`,
  )

/** One find while its vault is being listed. */
interface Search {
  readonly key: string
  readonly find: SecretFind
  readonly matches: (secret: ListedSecret) => Promise<boolean>
  readonly secrets: Pick<ListedSecret, 'name' | 'updatedAtMs'>[]
  /** How many match, also beyond those that are kept. */
  count: number
  error: AkvError | undefined
}

function startSearch(find: SecretFind, { budget }: RunFindsOptions): Search {
  const search = { key: secretFindKey(find), find, secrets: [], count: 0 }
  try {
    return { ...search, matches: matchCriteria(find.criteria, budget), error: undefined }
  } catch (thrown) {
    return { ...search, matches: async () => false, error: toAkvError(thrown) }
  }
}

async function searchVault(
  vault: string,
  searching: readonly Search[],
  { reader, signal }: RunFindsOptions,
): Promise<void> {
  if (searching.every(({ error }) => error !== undefined)) return
  for await (const page of listSecrets(reader, vault, { maxPages, signal }))
    for (const search of searching) await searchPage(search, page)
}

async function searchPage(search: Search, page: readonly ListedSecret[]): Promise<void> {
  if (search.error !== undefined) return
  try {
    for (const secret of page) {
      if (!(await search.matches(secret))) continue
      const { name, updatedAtMs } = secret
      if (++search.count <= maxProperties)
        search.secrets.push({ name, ...(updatedAtMs !== undefined && { updatedAtMs }) })
    }
  } catch (thrown) {
    search.error = toAkvError(thrown)
  }
}

function findingOf(search: Search, { before, clock }: RunFindsOptions): FindResult {
  const last = before.get(search.key)
  const error = search.error ?? tooMany(search)
  // Nobody knows what has changed, so nothing is fetched again until the vault can be listed.
  if (error) return { ...(last && unchanged(last)), error }
  const { allDueAtMs } = last ?? {}
  const isAllDue = allDueAtMs === undefined || clock.now() - allDueAtMs >= allDueAfterMs
  const known = new Map(isAllDue ? [] : last?.secrets?.map((secret) => [secret.name, secret]))
  return {
    secrets: search.secrets.map((secret) =>
      foundSecret(secret, { last: known.get(secret.name), clock }),
    ),
    allDueAtMs: isAllDue ? clock.now() : allDueAtMs,
  }
}

const unchanged = (finding: FindResult): FindResult => ({
  ...finding,
  ...(finding.secrets && {
    secrets: finding.secrets.map((secret) => ({ ...secret, isUnchanged: true })),
  }),
})

const foundSecret = (
  secret: Search['secrets'][number],
  { last, clock }: { readonly last: FoundSecret | undefined } & Pick<RunFindsOptions, 'clock'>,
): FoundSecret => {
  const { updatedAtMs } = secret
  return {
    ...secret,
    isRecent: updatedAtMs === undefined || clock.wallTime() - updatedAtMs < recentMs,
    isUnchanged: updatedAtMs !== undefined && last?.updatedAtMs === updatedAtMs && !last.isRecent,
  }
}

const tooMany = ({ find, count }: Search): AkvError | undefined =>
  count > maxProperties
    ? new AkvError(
        'AKV_LIST_TOO_LONG',
        `find in vault ${find.vault}: it matches ${count} secrets; accepted: at most ${maxProperties}`,
      )
    : undefined
