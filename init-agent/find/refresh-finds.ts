import type { AgentConfig } from '../../delivery/contract.ts'
import {
  failedStatus,
  goodStatus,
  type ObjectStatus,
  unknownStatus,
  unservedStatus,
} from '../../delivery/projection/object-status.ts'
import { alignSources } from '../../delivery/projection/target-sources.ts'
import {
  objectKey,
  type WantedObject,
  wantedKey,
  wantedObjects,
} from '../../delivery/projection/wanted-objects.ts'
import type { FoundByFind } from '../../keyvault/finds/find-result.ts'
import { isOutageCode } from '../../keyvault/readers/outage-codes.ts'
import { describeList } from '../../keyvault/readers/secret-pages.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { foundFile, unchangedObjects, wantedFindKey } from './config-with-found.ts'
import { type HeldState, holdFinds } from './held-finds.ts'
import { listFinds } from './list-finds.ts'

type Statuses = HeldState['statuses']

/** What the finds of a pod mean for one refresh. */
interface FoundForRefresh {
  /** The configuration with what was found. */
  readonly config: AgentConfig
  /** The state before the refresh, for this configuration. It has a status for the list of each vault, too. */
  readonly state: HeldState
  /** Whether an object needs no request: its vault has been listed, and it is as it was. */
  isUnchanged(object: WantedObject): boolean
  /** The objects whose lists say that they haven't changed, or whose lists failed. */
  readonly listed: readonly WantedObject[]
  /** Why vaults couldn't be listed now. */
  readonly listErrors: readonly AkvError[]
  /** The statuses after the refresh: those objects count as fetched, or as failed. */
  statusesAfter(statuses: Statuses): { readonly kept: Statuses; readonly reported: Statuses }
}

/**
 * Lists the vaults of a pod's finds before a refresh.
 *
 * @param refresh - `isWhole`: whether everything is refreshed, and not only what failed; `isAskedFor`: somebody has asked for it
 */
export async function refreshFinds(
  context: AgentContext,
  state: HeldState,
  refresh: { readonly isWhole: boolean; readonly isAskedFor: boolean },
): Promise<FoundForRefresh> {
  const { finds: before } = state
  if (before === undefined) return withoutFinds(context, state)
  const { config, clock, log } = context
  const due = dueVaults(context, state, refresh)
  const found = await listUnlessStopped(context, { before: before.found, state, due })
  const finds = holdFinds(config, found) ?? before
  const lists = listStatuses(context, { state, due, found })
  const named = new Set(wantedObjects(config).map(wantedKey))
  const unchanged = unchangedObjects(config, { found, named, files: state.content.files })
  const failures = objectsOfFailedLists(config, { found, named, lists })
  const wanted = wantedObjects(finds.config)
  const statuses = new Map([...statusesOf(wanted, state.statuses), ...lists])
  const listErrors = [...due].flatMap((vault) => lists.get(describeList(vault))?.error ?? [])
  // Otherwise, the objects that may be stale are reported.
  if (failures.size === 0)
    for (const { message, code } of listErrors)
      log.warn(`${message}; the pod keeps its current files`, { code })
  const isGood = (key: string) => unchanged.has(key) && statuses.get(key)?.error === undefined
  const isListed = (object: WantedObject) =>
    failures.has(wantedKey(object)) ||
    (due.has(object.reference.vault) && isGood(wantedKey(object)))
  const listed = wanted.filter(isListed)
  return {
    config: finds.config,
    state: { ...state, finds, statuses, sources: alignSources(state.sources, [before, finds]) },
    isUnchanged: (object) => isGood(wantedKey(object)),
    listed,
    listErrors,
    statusesAfter(after) {
      const kept = new Map(after)
      const reported = new Map(after)
      for (const key of listed.map(wantedKey)) {
        const { error = failures.get(key), ...status } = after.get(key) ?? unknownStatus
        if (error === undefined) kept.set(key, goodStatus(clock.now()))
        reported.set(key, error ? { ...status, error } : goodStatus(clock.now()))
      }
      return { kept, reported }
    },
  }
}

/** An agent that is stopped writes nothing, so it doesn't matter what it would find. */
async function listUnlessStopped(
  context: AgentContext,
  {
    before,
    state,
    due,
  }: {
    readonly before: FoundByFind
    readonly state: HeldState
    readonly due: ReadonlySet<string>
  },
): Promise<FoundByFind> {
  try {
    const { files } = state.content
    return await listFinds(context, { before, files, isDue: (vault) => due.has(vault) })
  } catch (error) {
    if (!context.signal.aborted) throw error
    return before
  }
}

const withoutFinds = ({ config }: AgentContext, state: HeldState): FoundForRefresh => ({
  ...{ config, state, listed: [], listErrors: [] },
  isUnchanged: () => false,
  statusesAfter: (statuses) => ({ kept: statuses, reported: statuses }),
})

/** The vaults that are listed now. A list that failed backs off as an object does. */
function dueVaults(
  { config, clock }: AgentContext,
  { statuses }: HeldState,
  { isWhole, isAskedFor }: { readonly isWhole: boolean; readonly isAskedFor: boolean },
): ReadonlySet<string> {
  const vaults = new Set(config.finds?.map(({ vault }) => vault))
  const isDue = (vault: string) => {
    const { error, dueAtMs, isUnserved } = statuses.get(describeList(vault)) ?? unknownStatus
    const isBackingOff = dueAtMs > clock.now() && (!isAskedFor || isUnserved === true)
    return (isWhole || error !== undefined) && !isBackingOff
  }
  return new Set([...vaults].filter(isDue))
}

/** A status for the list of each vault. Those that weren't listed keep theirs. */
function listStatuses(
  { config, clock }: AgentContext,
  {
    state,
    due,
    found,
  }: { readonly state: HeldState; readonly due: ReadonlySet<string>; readonly found: FoundByFind },
): ReadonlyMap<string, ObjectStatus> {
  const nowMs = clock.now()
  const intervalMs = config.refreshSeconds * 1000
  const after = (vault: string, finds: NonNullable<AgentConfig['finds']>): ObjectStatus => {
    const before = state.statuses.get(describeList(vault)) ?? unknownStatus
    if (!due.has(vault)) return before
    const [error] = finds.flatMap((find) => found.get(wantedFindKey(find))?.error ?? [])
    if (error === undefined) return goodStatus(nowMs)
    const isUnserved = error.code === 'AKV_THROTTLED' || isOutageCode(error.code)
    return isUnserved
      ? unservedStatus(before, { error, nowMs })
      : failedStatus(before, { error, nowMs, intervalMs })
  }
  const byVault = Map.groupBy(config.finds ?? [], ({ vault }) => vault)
  return new Map([...byVault].map(([vault, finds]) => [describeList(vault), after(vault, finds)]))
}

/** Why it isn't known whether the objects of finds have changed, by `objectKey`. */
function objectsOfFailedLists(
  config: AgentConfig,
  {
    found,
    named,
    lists,
  }: {
    readonly found: FoundByFind
    readonly named: ReadonlySet<string>
    readonly lists: Statuses
  },
): ReadonlyMap<string, AkvError> {
  const failures = new Map<string, AkvError>()
  for (const find of config.finds ?? []) {
    const { secrets = [] } = found.get(wantedFindKey(find)) ?? {}
    const error = lists.get(describeList(find.vault))?.error
    if (error === undefined) continue
    for (const { name } of secrets) failures.set(objectKey(foundFile(find, name).object), error)
  }
  // Objects that the configuration names are fetched in any case.
  for (const key of named) failures.delete(key)
  return failures
}

/** Leaves out the statuses of secrets that are no longer found, which would otherwise stay in memory for ever. */
function statusesOf(wanted: readonly WantedObject[], statuses: Statuses): Statuses {
  const keys = new Set(wanted.map(wantedKey))
  return new Map([...statuses].filter(([key]) => keys.has(key)))
}
