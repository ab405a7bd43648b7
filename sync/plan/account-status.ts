import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

/** Why a Secret isn't in sync, and since when. `waiting`: something that isn't an error has to happen first. */
export interface Failing {
  readonly code: AkvErrorCode | 'waiting'
  /** Boot time. */
  readonly sinceMs: number
  /** The same time in milliseconds since 1970, as it was first published. It stays the same if the clock is set. */
  readonly sinceWallMs: number
}

/** Enough for about eighty Secrets. Bounded because it is stored in the ServiceAccount itself. */
export const maxStatusLength = 4096
/** Reserved for the line that counts the Secrets left out. */
const summaryLength = 64

/** Stands for the account itself if its annotations can't be read. No Secret can have this name. */
const accountName = '(account)'
const othersName = '(others)'

/**
 * The text of `akv-injector.io/sync-status`: a line for each Secret, `db: ready` or `db: AKV_FORBIDDEN since TIME`. The text
 * is also valid YAML. If there are too many Secrets, the failing ones come first, and the last line counts the rest.
 *
 * @param secrets - by name; the empty name stands for the account
 * @returns undefined if there are no Secrets
 */
export function statusText(
  secrets: ReadonlyMap<string, { readonly failing?: Failing | undefined }>,
): string | undefined {
  if (secrets.size === 0) return undefined
  const entries = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))
  const isFailing = ([, { failing }]: (typeof entries)[number]) => failing !== undefined
  const all = entries.map(lineOf).join('\n')
  if (all.length <= maxStatusLength) return all
  const ordered = [...entries.filter(isFailing), ...entries.filter((entry) => !isFailing(entry))]
  const lines: string[] = []
  let length = 0
  for (const entry of ordered) {
    const line = lineOf(entry)
    length += line.length + 1
    if (length > maxStatusLength - summaryLength) break
    lines.push(line)
  }
  const left = ordered.slice(lines.length)
  const failing = left.filter(isFailing).length
  return [...lines, `${othersName}: ${left.length - failing} ready, ${failing} failing`].join('\n')
}

function lineOf([name, { failing }]: readonly [
  string,
  { readonly failing?: Failing | undefined },
]) {
  const state =
    failing === undefined
      ? 'ready'
      : `${failing.code} since ${new Date(failing.sinceWallMs).toISOString().slice(0, 19)}Z`
  return `${name === '' ? accountName : name}: ${state}`
}

/**
 * Reads from a status since when each Secret has been failing, in milliseconds since 1970, so that a restarted controller keeps
 * these times. Others can write the annotation too, so anything that isn't a time in the past is ignored.
 */
export function failingSince(
  status: string | undefined,
  wallMs: number,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const line of (status ?? '').slice(0, maxStatusLength).split('\n')) {
    const [, name, time] =
      /^(\S{1,300}): \w{1,64} since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(line) ?? []
    const sinceMs = Date.parse(time ?? '')
    if (name !== undefined && sinceMs <= wallMs)
      times.set(name === accountName ? '' : name, sinceMs)
  }
  return times
}
