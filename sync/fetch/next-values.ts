import { destinationKey } from '../../delivery/destination.ts'
import type { FetchOutcomes } from '../../delivery/projection/fetch-objects.ts'
import type { Content, Delivered } from '../../delivery/projection/project-content.ts'
import type { Refreshed } from '../../delivery/projection/refresh-content.ts'
import { objectKey, wantedKey, wantedObjects } from '../../delivery/projection/wanted-objects.ts'
import { nothingFound } from '../../keyvault/finds/find-result.ts'
import type { SyncConfig, SyncRequest } from '../../requests/account/account-request.ts'
import type { SecretTurns } from '../plan/secret-turn.ts'
import { versionKeyAt, versionKeys } from '../plan/synced-objects.ts'
import type { AccountValues } from './account-values.ts'
import { tooLargeSecrets } from './bound-values.ts'
import { isAsked } from './objects-to-ask.ts'

interface ValuesRound {
  readonly request: Pick<SyncRequest, 'config' | 'secrets'>
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
  /** What is done for each Secret in this round. */
  readonly turns: SecretTurns
  /** How much memory the values may take between rounds. */
  readonly maxKeptBytes: number
  readonly findings: AccountValues['findings']
}

/** What the next round has to know of the values: only what is still requested, and of each the latest that is known. */
export function nextValues(
  { state: refresh, outcomes, problems }: Refreshed,
  round: ValuesRound,
): AccountValues {
  const { before, turns, findings } = round
  const { config, secrets } = round.request
  const names = secrets.map(({ name }) => name)
  const failed = new Set(problems.map(({ key }) => key))
  const requested = new Set(wantedObjects(config).map(wantedKey))
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
    seeded: new Set(names.filter((name) => isAsked(turns, name) || before?.seeded.has(name))),
    versions: only(
      new Set(config.files.flatMap(versionKeys)),
      versionsOf(outcomes, { before: before?.versions, failed }),
    ),
    removed: only(requested, removedAfter(outcomes, before?.removed)),
    filled: filledOf(config, { isFetched, before: before?.filled }),
    findings: findings.size === 0 ? nothingFound : findings,
  }
}

/** Only a fetch has all values of a Secret again, so another that was too large before still is. */
function tooLargeAfter(
  { files }: Content,
  round: Omit<ValuesRound, 'request'> & Pick<SyncRequest, 'secrets'>,
): AccountValues['tooLarge'] {
  const { secrets, before, turns, maxKeptBytes: maxBytes } = round
  const found = tooLargeSecrets(files, { secrets, maxBytes })
  const last = [...(before?.tooLarge ?? noNames)]
  const names = new Set([...found, ...last.filter((name) => turns.get(name)?.kind !== 'fetch')])
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
