import type { Clock } from '../../lib/clock.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { ListedSecret } from '../clients/object-client.ts'
import { listSecrets } from '../readers/list-secrets.ts'
import type { ObjectReader } from '../readers/object-reader.ts'
import type { FindResult, FoundByFind, FoundSecret } from './find-result.ts'

/** A secret that was updated this long before it was listed can have the same date after another change. */
const recentMs = 5_000
/** Every secret is fetched once an hour, in case one changed without a new date. Intervals vary by a tenth. */
const allDueAfterMs = 54 * 60_000

/** A find, and whether it is to be carried out now. */
export interface Find {
  /** Identifies it among all finds of the same pod or account. One that looks for something else has another key. */
  readonly key: string
  readonly vault: string
  /** Whether the vault is listed for it. Otherwise it keeps what it has found before. */
  readonly isDue: boolean
  /** Prepares to search: returns whether a listed secret is found. */
  readonly matcher: () => (secret: ListedSecret) => boolean | Promise<boolean>
  /** Whether a secret that was found before stays found although the vault no longer lists it. Absent: none does. */
  readonly keepsGone?: (name: string) => boolean
}

/** Beyond one of them, everything stays as it is. */
export interface FindBounds {
  /** For the list of one vault. */
  readonly maxPages: number
  /** For one find. */
  readonly maxFound: number
  /** For all finds together. The first ones count. */
  readonly maxTogether: number
  /** Whose finds they are, for messages. */
  readonly owner: 'account' | 'pod'
}

interface RunFindsOptions {
  readonly finds: readonly Find[]
  readonly before: FoundByFind
  readonly bounds: FindBounds
  readonly reader: Pick<ObjectReader, 'secretPages'>
  readonly clock: Pick<Clock, 'now' | 'wallTime'>
  readonly signal: AbortSignal
}

/**
 * Lists each vault once for all finds that are due. If that fails, the finds keep what they have found before.
 *
 * @returns what each find has found, by its key. An error says why it couldn't be carried out
 */
export async function runFinds(options: RunFindsOptions): Promise<FoundByFind> {
  const { finds, before, signal } = options
  const found = new Map<string, FindResult>()
  for (const { key } of finds) {
    const last = before.get(key)
    if (last) found.set(key, unchanged(last))
  }
  const byVault = Map.groupBy(
    finds.filter(({ isDue }) => isDue),
    ({ vault }) => vault,
  )
  for (const [vault, due] of byVault) {
    const searching = due.map(startSearch)
    try {
      await searchVault(vault, searching, options)
    } catch (thrown) {
      signal.throwIfAborted()
      for (const search of searching) search.error ??= toAkvError(thrown)
    }
    for (const search of searching) found.set(search.find.key, resultOf(search, options))
  }
  return withinTotal(found, options)
}

/** Leaves out what would be too much, because all values are in memory together. */
function withinTotal(
  found: FoundByFind,
  { finds, bounds: { maxTogether, owner } }: RunFindsOptions,
): FoundByFind {
  const bounded = new Map<string, FindResult>()
  let total = 0
  for (const { key, vault } of finds) {
    const result = found.get(key)
    if (result === undefined || bounded.has(key)) continue
    const count = total + (result.secrets?.length ?? 0)
    if (count <= maxTogether) total = count
    const message = `find in vault ${vault}: with it, the finds of the ${owner} match ${count} secrets; accepted: at most ${maxTogether} together`
    bounded.set(key, count <= maxTogether ? result : { error: tooLong(message) })
  }
  return bounded
}

const tooLong = (message: string): AkvError => new AkvError('AKV_LIST_TOO_LONG', message)

/** One find while its vault is being listed. */
interface Search {
  readonly find: Find
  readonly matches: ReturnType<Find['matcher']>
  readonly secrets: Pick<ListedSecret, 'name' | 'updatedAtMs'>[]
  /** How many match, also beyond those that are kept. */
  count: number
  error: AkvError | undefined
}

function startSearch(find: Find): Search {
  const search = { find, secrets: [], count: 0 }
  try {
    return { ...search, matches: find.matcher(), error: undefined }
  } catch (thrown) {
    return { ...search, matches: () => false, error: toAkvError(thrown) }
  }
}

async function searchVault(
  vault: string,
  searching: readonly Search[],
  options: RunFindsOptions,
): Promise<void> {
  const { reader, signal, bounds } = options
  if (searching.every(({ error }) => error !== undefined)) return
  const { maxPages } = bounds
  for await (const page of listSecrets(reader, vault, { maxPages, signal }))
    for (const search of searching) await searchPage(search, page, bounds)
}

async function searchPage(
  search: Search,
  page: readonly ListedSecret[],
  { maxFound }: FindBounds,
): Promise<void> {
  if (search.error !== undefined) return
  try {
    for (const secret of page) {
      if (!(await search.matches(secret))) continue
      const { name, updatedAtMs } = secret
      if (++search.count <= maxFound)
        search.secrets.push({ name, ...(updatedAtMs !== undefined && { updatedAtMs }) })
    }
  } catch (thrown) {
    search.error = toAkvError(thrown)
  }
}

function resultOf(search: Search, options: RunFindsOptions): FindResult {
  const { before, clock } = options
  const last = before.get(search.find.key)
  const gone = goneSecrets(search, last)
  const error = search.error ?? tooMany(search, { gone: gone.length, ...options.bounds })
  // Without a list, it is unknown which secrets have changed. None is fetched again until the vault can be listed.
  if (error) return { ...(last && unchanged(last)), error }
  const { allDueAtMs } = last ?? {}
  const isAllDue = allDueAtMs === undefined || clock.now() - allDueAtMs >= allDueAfterMs
  const known = new Map(isAllDue ? [] : last?.secrets?.map((secret) => [secret.name, secret]))
  const listed = search.secrets.map((secret) =>
    foundSecret(secret, { last: known.get(secret.name), clock }),
  )
  return { secrets: [...listed, ...gone], allDueAtMs: isAllDue ? clock.now() : allDueAtMs }
}

/** The secrets that stay found although the vault no longer lists them. Fetching them shows whether they are deleted or disabled. */
function goneSecrets(
  { find: { keepsGone }, secrets }: Search,
  last: FindResult | undefined,
): readonly FoundSecret[] {
  if (keepsGone === undefined || last?.secrets === undefined) return []
  const listed = new Set(secrets.map(({ name }) => name.toLowerCase()))
  return last.secrets
    .filter(({ name }) => !listed.has(name.toLowerCase()) && keepsGone(name))
    .map(({ name }) => ({ name, isRecent: true, isUnchanged: false }))
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

function tooMany(
  { find: { vault }, count }: Search,
  { gone, maxFound }: { readonly gone: number } & Pick<FindBounds, 'maxFound'>,
): AkvError | undefined {
  if (count + gone <= maxFound) return undefined
  const kept = gone === 0 ? '' : `, and ${gone} that it no longer matches are kept`
  return tooLong(
    `find in vault ${vault}: it matches ${count} secrets${kept}; accepted: at most ${maxFound}`,
  )
}
