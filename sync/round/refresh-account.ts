import type { AgentConfig } from '../../init-agent/contract.ts'
import type { FetchOutcomes } from '../../init-agent/projection/fetch-objects.ts'
import type { SetFile } from '../../init-agent/projection/file-set.ts'
import { unknownStatus } from '../../init-agent/projection/object-status.ts'
import { type Content, noContent } from '../../init-agent/projection/project-content.ts'
import {
  failedObjects,
  type RefreshState,
  refreshableObjects,
  refreshContent,
  startState,
} from '../../init-agent/projection/refresh-content.ts'
import type { Session } from '../../init-agent/projection/session.ts'
import { objectKey, wantedObjects } from '../../init-agent/projection/wanted-objects.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { ownershipOf } from '../plan/ownership.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { Account } from '../request/account.ts'
import type { RequestedSecret } from '../request/account-request.ts'
import { encodeTarget } from '../request/key-path.ts'
import { maxProperties } from '../request/secret-bounds.ts'
import { maxKeptBytes } from './bound-values.ts'
import { roundBudget } from './round-budget.ts'
import { skipUnresponsiveVaults } from './skip-unresponsive-vaults.ts'

/** What is known of an account's values between rounds. No other account ever sees it. */
export interface AccountValues {
  readonly refresh: RefreshState
  /** Of what the content holds, by `objectKey`. */
  readonly versions: ReadonlyMap<string, string>
  /** What the vault did not have when it was last asked, and how it said so, by `objectKey`. */
  readonly gone: ReadonlyMap<string, AkvError>
  /** The paths of `#*` that have been given all properties that there were, of which there may be none. */
  readonly filled: ReadonlySet<string>
  /** The names of the Secrets whose values before are in the content. */
  readonly seeded: ReadonlySet<string>
}

export interface RefreshedAccount {
  readonly values: AccountValues
  /** The Secrets that were looked at on the way, by name; undefined for those that aren't there. */
  readonly found: ReadonlyMap<string, StoredSecret | undefined>
}

export interface RefreshAccountOptions {
  readonly cluster: Pick<SyncCluster, 'readSecret'>
  readonly account: Account
  readonly config: AgentConfig
  readonly secrets: readonly RequestedSecret[]
  readonly session: Session
  readonly before: AccountValues | undefined
  /** Ask for everything that may have changed, and not only for what failed. */
  readonly isRegular: boolean
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * What there is for the Secrets of an account: what the vaults say now, and where they fail what was there before. After
 * a restart that is in the Secrets themselves.
 */
export async function refreshAccount(options: RefreshAccountOptions): Promise<RefreshedAccount> {
  const { config, secrets, before, isRegular } = options
  const { content, found } = await seed(options)
  const state = before ? { ...before.refresh, content } : startState(config, { content })
  // Only a value that is in memory is settled: what a Secret was found with, somebody may have edited.
  const refreshable = refreshableObjects(config, { ...state, content: noContent })
  const due = isRegular ? refreshable : failedObjects(refreshable, withGone(state, before?.gone))
  const session = { ...options.session, reader: skipUnresponsiveVaults(options) }
  const budget = roundBudget(options.account)
  const {
    state: refresh,
    outcomes,
    problems,
  } = await refreshContent({ ...options, session, maxProperties, budget }, { state, due })
  const failed = new Set(problems.map(({ key }) => key))
  const asked = new Set(wantedObjects(config).map((object) => objectKey(object.reference, object)))
  const values = {
    refresh: {
      ...refresh,
      content: compact(refresh.content),
      statuses: only(asked, refresh.statuses),
    },
    seeded: new Set(secrets.map(({ name }) => name)),
    versions: only(asked, versionsOf(outcomes, { before: before?.versions, failed })),
    gone: only(asked, goneOf(outcomes, before?.gone)),
    filled: filledOf(config, {
      isGiven: (key) =>
        !failed.has(key) && (outcomes.get(key)?.kind === 'fetched' || refresh.known.has(key)),
      before: before?.filled,
    }),
  }
  return { values, found }
}

/** Who changes what he asks for all the time must not have us remember it all. */
const only = <T>(keys: ReadonlySet<string>, all: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
  new Map([...all].filter(([key]) => keys.has(key)))

/** A small Buffer holds on to the 8 KiB of a pool that it was cut from: these are kept for long. */
function compact({ files, env }: Content): Content {
  const whole = ({ bytes }: SetFile) =>
    bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
  const compacted = [...files].map(
    ([path, file]) => [path, { ...file, bytes: whole(file) }] as const,
  )
  return { files: new Map(compacted), env }
}

/** The content, with what the Secrets hold of which nothing is known yet. */
async function seed(options: RefreshAccountOptions) {
  const { cluster, account, config, secrets, before } = options
  const found = new Map<string, StoredSecret | undefined>()
  const files = new Map(before?.refresh.content.files)
  let foundBytes = 0
  for (const { name } of secrets) {
    if (before?.seeded.has(name)) continue
    const stored = await cluster.readSecret({ namespace: account.namespace, name })
    if (stored !== undefined && ownershipOf(stored, account) === 'ours')
      for (const [path, file] of filesIn(stored, config)) files.set(path, file)
    // A Secret may hold much of somebody else's; what is too much is looked at again when its turn comes.
    for (const bytes of stored?.data.values() ?? []) foundBytes += bytes.length
    if (foundBytes <= maxKeptBytes) found.set(name, stored)
  }
  const content: Content = { files, env: noContent.env }
  return { content, found }
}

/** Of a Secret that isn't claimed yet, everything is ours: it was created a moment before we ended. */
function filesIn(
  { name, data, applied, unclaimedEntry }: StoredSecret,
  { fileMode }: AgentConfig,
): readonly (readonly [string, SetFile])[] {
  const mode = Number.parseInt(fileMode, 8)
  return [...data]
    .filter(([key]) => unclaimedEntry !== undefined || applied.data.has(key))
    .map(([key, bytes]) => [encodeTarget({ secret: name, key }), { bytes, mode }] as const)
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
    const version = outcome.kind === 'fetched' ? outcome.found[0].version : undefined
    if (version !== undefined && !known.failed.has(key)) versions.set(key, version)
  }
  return versions
}

/** Of what could not be asked for, the last answer stands. */
function goneOf(
  outcomes: FetchOutcomes,
  before: AccountValues['gone'] | undefined,
): AccountValues['gone'] {
  const gone = new Map(before)
  for (const [key, outcome] of outcomes)
    if (outcome.kind === 'absent') gone.set(key, outcome.error)
    else if (outcome.kind === 'fetched') gone.delete(key)
  return gone
}

/** A value that only another path has got says nothing of this one: whoever renames it in an outage would empty it. */
function filledOf(
  { files }: AgentConfig,
  round: {
    readonly isGiven: (key: string) => boolean
    readonly before: AccountValues['filled'] | undefined
  },
): AccountValues['filled'] {
  const filled = files.filter(
    ({ path, object, property }) =>
      property === '*' && (round.isGiven(objectKey(object)) || round.before?.has(path)),
  )
  return new Set(filled.map(({ path }) => path))
}

/** To remove what is gone is no failure, yet it may come back. */
function withGone(
  { statuses }: Pick<RefreshState, 'statuses'>,
  gone: AccountValues['gone'] = new Map(),
): Pick<RefreshState, 'statuses'> {
  const failed = [...gone].map(([key, error]) => [key, { ...unknownStatus, error }] as const)
  return { statuses: new Map([...statuses, ...failed]) }
}
