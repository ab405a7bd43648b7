import type { ObjectReference } from '../../keyvault/reference.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import {
  accountLine,
  maxStatusLength,
  othersLine,
  readSyncStatus,
  versionsLine,
} from '../../requests/account/sync-status.ts'
import { joinObjectVersions } from '../../requests/secret/object-versions.ts'

/** Why a Secret isn't in sync, and since when. `waiting`: something that isn't an error has to happen first. */
export interface Failing {
  readonly code: AkvErrorCode | 'waiting'
  /** Boot time. */
  readonly sinceMs: number
  /** The same time in milliseconds since 1970, as it was first published. It stays the same if the clock is set. */
  readonly sinceWallMs: number
}

/** What the status says about a Secret, or about a source with a mistake. */
export interface StatusEntry {
  readonly failing?: Failing | undefined
  /** No longer requested, but it still exists. */
  readonly isKept?: true
  /** The objects whose values the Secret holds. Absent if they aren't known. */
  readonly objects?: readonly ObjectReference[] | undefined
}

type Named = readonly [name: string, entry: StatusEntry]

/** Reserved for the lines that count what is left out. */
const summaryLength = 96

/**
 * The text of `akv-injector.io/sync-status`: a line for each Secret, `db: ready` or `db: AKV_FORBIDDEN since TIME`, and below
 * it the versions of the vault objects that the Secret holds. They have a line of their own because controllers of earlier
 * versions read the times of the first, so it keeps its form. The text is also valid YAML.
 *
 * If there isn't room for everything, failing Secrets come first, versions are left out before Secrets are, and the last
 * lines count both.
 *
 * @param secrets - by name; the empty name stands for the account
 * @returns undefined if there are no Secrets
 */
export function statusText(secrets: ReadonlyMap<string, StatusEntry>): string | undefined {
  if (secrets.size === 0) return undefined
  const entries = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))
  const all = entries.map((entry) => lineOf(entry) + versionsOf(entry)).join('\n')
  return all.length <= maxStatusLength ? all : boundedText(entries)
}

function boundedText(entries: readonly Named[]): string {
  const { failing = [], kept = [], ready = [] } = Object.groupBy(entries, stateOf)
  const ordered = [...failing, ...kept, ...ready]
  let room = maxStatusLength - summaryLength
  const fits = (text: string) => {
    const isFitting = text.length < room
    if (isFitting) room -= text.length + 1
    return isFitting
  }
  const cut = ordered.findIndex((entry) => !fits(lineOf(entry)))
  const listed = cut < 0 ? ordered : ordered.slice(0, cut)
  let withoutVersions = 0
  const lines = listed.map((entry) => {
    const versions = versionsOf(entry)
    if (fits(versions)) return lineOf(entry) + versions
    withoutVersions++
    return lineOf(entry)
  })
  const summary = withoutVersions > 0 ? [`${versionsLine}: ${withoutVersions} left out`] : []
  return [...lines, ...summary, ...countOf(ordered.slice(listed.length))].join('\n')
}

/** The line that counts the Secrets left out. */
function countOf(left: readonly Named[]): readonly string[] {
  if (left.length === 0) return []
  const { failing = [], kept = [], ready = [] } = Object.groupBy(left, stateOf)
  const others = `${othersLine}: ${ready.length} ready, ${failing.length} failing`
  return [kept.length === 0 ? others : `${others}, ${kept.length} kept`]
}

const stateOf = ([, { failing, isKept }]: Named): 'failing' | 'kept' | 'ready' =>
  failing ? 'failing' : isKept ? 'kept' : 'ready'

function lineOf(named: Named): string {
  const [name, { failing }] = named
  const state = failing
    ? `${failing.code} since ${new Date(failing.sinceWallMs).toISOString().slice(0, 19)}Z`
    : stateOf(named)
  return `${name === '' ? accountLine : name}: ${state}`
}

/** Indented: in YAML, it continues the line above. */
const versionsOf = ([, { objects }]: Named): string =>
  objects ? `\n  [${joinObjectVersions(objects)}]` : ''

/**
 * Reads from a status since when each Secret has been failing, in milliseconds since 1970, so that a restarted controller keeps
 * these times. Others can write the annotation too, so a time in the future is ignored.
 */
export function failingSince(
  status: string | undefined,
  wallMs: number,
): ReadonlyMap<string, number> {
  const times = readSyncStatus(status ?? '').secrets.flatMap((secret) =>
    secret.state === 'failing' && secret.sinceMs <= wallMs
      ? [[secret.name, secret.sinceMs] as const]
      : [],
  )
  return new Map(times)
}
