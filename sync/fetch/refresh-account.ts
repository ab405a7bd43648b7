import { destinationKey, type SecretValue } from '../../delivery/destination.ts'
import type { FetchOutcomes } from '../../delivery/projection/fetch-objects.ts'
import { unknownStatus } from '../../delivery/projection/object-status.ts'
import {
  type Content,
  type Delivered,
  noContent,
} from '../../delivery/projection/project-content.ts'
import {
  failedObjects,
  type Refreshed,
  type RefreshState,
  refreshableObjects,
  refreshContent,
  startState,
} from '../../delivery/projection/refresh-content.ts'
import { objectKey, wantedObjects } from '../../delivery/projection/wanted-objects.ts'
import type { Session } from '../../delivery/session/session.ts'
import { type FoundByFind, nothingFound } from '../../keyvault/finds/find-result.ts'
import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import type { Clock } from '../../lib/clock.ts'
import type { CpuBudget } from '../../lib/cpu-budget.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SyncConfig, SyncRequest } from '../../requests/account/account-request.ts'
import { maxProperties } from '../../requests/secret/secret-bounds.ts'
import { type SecretFind, secretFindKey } from '../../requests/secret/secret-find.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { ownershipOf } from '../plan/ownership.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import { versionKeyAt, versionKeys } from '../plan/synced-objects.ts'
import type { AccountValues } from './account-values.ts'
import { maxKeptBytes, tooLargeSecrets, weightOf } from './bound-values.ts'
import { expandConfig, foundObjects, withoutRemoved } from './find/expand-finds.ts'
import { findSecrets } from './find/find-secrets.ts'
import { skipUnresponsiveVaults } from './skip-unresponsive-vaults.ts'

interface RefreshedAccount {
  readonly values: AccountValues
  /** The Secrets that were read on the way, by name; undefined for those that don't exist. */
  readonly found: ReadonlyMap<string, StoredSecret | undefined>
}

interface FetchServices {
  readonly cluster: Pick<SyncCluster, 'readSecret'>
  readonly clock: Clock
}

interface RefreshAccountOptions {
  readonly account: Account
  readonly request: Pick<SyncRequest, 'config' | 'secrets'>
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
  /** Whether to ask for everything that may have changed, and not only for what failed. */
  readonly fetchesAll: boolean
  /** How much memory the values may take between rounds. */
  readonly maxKeptBytes: number
  /** For converting the values. */
  readonly budget: CpuBudget
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Fetches the values for the Secrets of an account. What can't be fetched keeps its last value, which after a restart is
 * the one in the Secret.
 */
export async function refreshAccount(
  options: RefreshAccountOptions,
  { cluster, clock }: FetchServices,
): Promise<RefreshedAccount> {
  const { request, before, fetchesAll, session, maxKeptBytes, budget, log, signal } = options
  const reader = skipUnresponsiveVaults(session.reader, clock)
  const findings = await findSecrets({
    finds: request.config.finds ?? [],
    isDue: (find) => fetchesAll || isFindRetried(find, before?.findings),
    before: before?.findings ?? nothingFound,
    reader: renewRefusedToken({ ...session, reader }),
    ...{ budget, clock, signal },
  })
  const config = expandConfig(request.config, findings)
  const { content, found } = await seed(options, cluster)
  const state = before ? { ...before.refresh, content } : startState(config, { content })
  // Values read from Secrets don't count as fetched, because somebody may have edited them.
  const refreshable = refreshableObjects(config, { ...state, content: noContent })
  const failed = new Set(failedObjects(refreshable, withRemoved(state, before?.removed)))
  // Values that are too large aren't kept, and a retry of something else doesn't fetch them again.
  const isDropped = (secret: string) => !fetchesAll && before?.tooLarge.has(secret) === true
  const hasValue = (to: SecretValue['to']) =>
    content.files.has(destinationKey(to)) || isDropped(to.secret)
  const foundKeys = foundObjects(request.config, { findings, hasValue })
  const due = refreshable.filter((object) => {
    const isUnchanged = foundKeys.get(objectKey(object.reference, object)) ?? !fetchesAll
    return failed.has(object) || !isUnchanged
  })
  const refreshed = await refreshContent(
    {
      config,
      session: { ...session, reader },
      clock,
      log,
      signal,
      maxProperties,
      budget,
    },
    { state, due },
  )
  const isRemoved = (key: string) => refreshed.outcomes.get(key)?.kind === 'absent'
  const left = withoutRemoved(findings, request.config, isRemoved)
  return {
    values: nextValues(refreshed, {
      request: { ...request, config: expandConfig(request.config, left) },
      findings: left,
      ...{ before, fetchesAll, maxKeptBytes },
    }),
    found,
  }
}

/** Another try can't help if a find is too large. */
const isFindRetried = (find: SecretFind, findings: FoundByFind = nothingFound): boolean => {
  const { error, secrets } = findings.get(secretFindKey(find)) ?? {}
  return error === undefined ? secrets === undefined : error.facts.isRetryable
}

function nextValues(
  { state: refresh, outcomes, problems }: Refreshed,
  round: Pick<RefreshAccountOptions, 'request' | 'before' | 'fetchesAll' | 'maxKeptBytes'> &
    Pick<AccountValues, 'findings'>,
): AccountValues {
  const { before, findings } = round
  const { config, secrets } = round.request
  const failed = new Set(problems.map(({ key }) => key))
  const requested = new Set(
    wantedObjects(config).map((object) => objectKey(object.reference, object)),
  )
  const isFetched = (key: string) =>
    !failed.has(key) && (outcomes.get(key)?.kind === 'fetched' || refresh.known.has(key))
  return {
    refresh: {
      content: compact(wantedContent(refresh.content, config)),
      known: sharedIfEmpty(refresh.known),
      templateValues: sharedIfEmpty(refresh.templateValues),
      statuses: only(requested, refresh.statuses),
    },
    tooLarge: tooLargeAfter(refresh.content, { ...round, secrets }),
    seeded: new Set(secrets.map(({ name }) => name)),
    versions: only(
      new Set(config.files.flatMap(versionKeys)),
      versionsOf(outcomes, { before: before?.versions, failed }),
    ),
    removed: only(requested, removedAfter(outcomes, before?.removed)),
    filled: filledOf(config, { isFetched, before: before?.filled }),
    findings: findings.size === 0 ? nothingFound : findings,
  }
}

/** A retry doesn't have all values again, so what was too large before still is. */
function tooLargeAfter(
  { files }: Content,
  round: Pick<RefreshAccountOptions, 'before' | 'fetchesAll' | 'maxKeptBytes'> &
    Pick<SyncRequest, 'secrets'>,
): AccountValues['tooLarge'] {
  const { secrets, before, fetchesAll, maxKeptBytes: maxBytes } = round
  const found = tooLargeSecrets(files, { secrets, maxBytes })
  const names = new Set([...found, ...(fetchesAll ? noNames : (before?.tooLarge ?? noNames))])
  return names.size === 0 ? noNames : names
}

/** Thousands of accounts keep maps, most of which are empty. */
const empty = new Map<never, never>()
const noNames = new Set<never>()
const sharedIfEmpty = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
  map.size === 0 ? empty : map

/** Keeps only values that are still requested, so an annotation that keeps changing can't grow our memory. */
const only = <T>(keys: ReadonlySet<string>, all: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
  sharedIfEmpty(new Map([...all].filter(([key]) => keys.has(key))))

/** Without the values of secrets that were listed, but had gone when they were fetched. */
function wantedContent(content: Content, { files, finds = [] }: SyncConfig): Content {
  if (finds.length === 0) return content
  const inputs = new Set(finds.map(({ to }) => destinationKey(to)))
  const wanted = new Set(files.map(({ to }) => destinationKey(to)))
  const isWanted = ({ to }: Delivered) =>
    to.kind !== 'input' ||
    !inputs.has(destinationKey({ kind: 'input', secret: to.secret, index: to.index })) ||
    wanted.has(destinationKey(to))
  return { ...content, files: new Map([...content.files].filter(([, it]) => isWanted(it))) }
}

/** Copies small Buffers: each would keep the 8 KiB pool alive that it was cut from, and these values are kept for long. */
function compact({ files, env }: Content): Content {
  const whole = ({ bytes }: Delivered) =>
    bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
  const compacted = [...files].map(
    ([key, value]) => [key, { ...value, bytes: whole(value) }] as const,
  )
  return { files: sharedIfEmpty(new Map(compacted)), env: sharedIfEmpty(env) }
}

/**
 * More than the values of any account: a vault bounds each to 25 KiB. Whoever may write Secrets can write more into them, in
 * our name, too. A value that isn't read stays in its Secret if the vault can't be asked.
 */
const maxSeededBytes = 16 * maxKeptBytes

/** The content, plus the stored values of Secrets that haven't been read before. */
async function seed(
  { account, request, before }: RefreshAccountOptions,
  cluster: FetchServices['cluster'],
) {
  const found = new Map<string, StoredSecret | undefined>()
  const files = new Map(before?.refresh.content.files)
  let foundBytes = 0
  for (const { name } of request.secrets) {
    if (before?.seeded.has(name)) continue
    const stored = await cluster.readSecret({ namespace: account.namespace, name })
    foundBytes += stored === undefined ? 0 : weightOf(stored)
    if (stored && foundBytes <= maxSeededBytes && ownershipOf(stored, account) === 'ours')
      for (const value of valuesIn(stored)) files.set(destinationKey(value.to), value)
    // A Secret may hold a lot of other people's data. Beyond the limit it isn't kept, but read again when its turn comes.
    if (foundBytes <= maxKeptBytes) found.set(name, stored)
  }
  const content: Content = { files, env: noContent.env }
  return { content, found }
}

/** The keys that are ours. In a Secret that isn't claimed yet all keys are: we were stopped just after creating it. */
function valuesIn({ name, data, applied, unclaimedEntry }: StoredSecret): readonly Delivered[] {
  return [...data]
    .filter(([key]) => unclaimedEntry !== undefined || applied.data.has(key))
    .map(([key, bytes]) => ({ bytes, to: { kind: 'key', secret: name, key } }))
}

function versionsOf(
  outcomes: FetchOutcomes,
  known: {
    readonly before: AccountValues['versions'] | undefined
    readonly failed: ReadonlySet<string>
  },
): AccountValues['versions'] {
  const versions = new Map(known.before)
  for (const [key, outcome] of outcomes) {
    if (outcome.kind !== 'fetched' || known.failed.has(key)) continue
    for (const [index, { version }] of outcome.found.entries())
      if (version !== undefined) versions.set(versionKeyAt(key, index), version)
  }
  return versions
}

/** For objects that could not be asked for, the vault's last answer stays valid. */
function removedAfter(
  outcomes: FetchOutcomes,
  before: AccountValues['removed'] | undefined,
): AccountValues['removed'] {
  const removed = new Map(before)
  for (const [key, outcome] of outcomes)
    if (outcome.kind === 'absent') removed.set(key, outcome.error)
    else if (outcome.kind === 'fetched') removed.delete(key)
  return removed
}

/**
 * The `#*` entries that have been filled. By destination, not by object: an entry that is renamed during an outage has a new one
 * and hasn't been filled, so its keys aren't removed.
 */
function filledOf(
  { files }: SyncConfig,
  round: {
    readonly isFetched: (key: string) => boolean
    readonly before: AccountValues['filled'] | undefined
  },
): AccountValues['filled'] {
  const filled = files.filter(
    ({ to, object, property }) =>
      property === '*' &&
      (round.isFetched(objectKey(object)) || round.before?.has(destinationKey(to))),
  )
  return sharedIfEmpty(new Map(filled.map(({ to }) => [destinationKey(to), to.secret])))
}

/** Adds the objects that the vault has no more to the failed ones, so that retries notice when they come back. */
function withRemoved(
  { statuses }: Pick<RefreshState, 'statuses'>,
  removed: AccountValues['removed'] = new Map(),
): Pick<RefreshState, 'statuses'> {
  const failed = [...removed].map(([key, error]) => [key, { ...unknownStatus, error }] as const)
  return { statuses: new Map([...statuses, ...failed]) }
}
