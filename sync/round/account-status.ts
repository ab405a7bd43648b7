import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

/** Why a Secret isn't as it should be, and since when. `waiting`: for something that isn't an error. */
export interface Failing {
  readonly code: AkvErrorCode | 'waiting'
  readonly sinceMs: number
}

/** Enough for some eighty Secrets; it is written into an object that every pod of the account reads. */
export const maxStatusLength = 4096
/** Room for the line that sums up what is left out. */
const summaryLength = 64

/** Stands for the account itself, when its annotations can't be read. No Secret can have this name. */
const accountName = '(account)'
const othersName = '(others)'

/**
 * The text of `akv-injector.io/sync-status`: a line for each Secret, `db: ready` or `db: AKV_FORBIDDEN since TIME`. It is
 * YAML, too. If there are too many, those that fail come first, and the last line counts the others.
 *
 * @param secrets - by name, why each fails, if it does; the empty name stands for the account
 * @returns undefined if there are none
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
      : `${failing.code} since ${new Date(failing.sinceMs).toISOString().slice(0, 19)}Z`
  return `${name === '' ? accountName : name}: ${state}`
}

/**
 * Since when each Secret fails according to a status, so that a restarted controller goes on from there. Others can write
 * the annotation as well: what isn't a time in the past is ignored.
 */
export function failingSince(
  status: string | undefined,
  nowMs: number,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const line of (status ?? '').slice(0, maxStatusLength).split('\n')) {
    const [, name, time] =
      /^(\S{1,253}): \w{1,64} since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(line) ?? []
    const sinceMs = Date.parse(time ?? '')
    if (name !== undefined && sinceMs <= nowMs) times.set(name === accountName ? '' : name, sinceMs)
  }
  return times
}
