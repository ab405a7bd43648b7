import type { ObjectReference } from '../../keyvault/reference.ts'
import { joinObjectVersions, readObjectVersions } from '../secret/object-versions.ts'

/** The text of `akv-injector.io/sync-status`, which Secret sync writes and `who` and `status` read. */

/** Enough for about eighty Secrets. Bounded because it is stored in the ServiceAccount itself. */
export const maxStatusLength = 4096

/** Stands for the account itself if its annotations can't be read. No Secret can have a name in parentheses. */
export const accountLine = '(account)'
/** Counts the Secrets that are left out. */
export const othersLine = '(others)'
/** Counts the listed Secrets whose versions are left out. */
export const versionsLine = '(versions)'

export interface SyncStatus {
  readonly secrets: readonly SecretLine[]
  /** How many Secrets the text counts, and doesn't name. */
  readonly leftOut: number
  /**
   * Whether the text lists what each Secret of the account holds. Otherwise, a Secret that isn't named, or that has no
   * `objects`, may hold any object.
   */
  readonly isComplete: boolean
}

export type SecretLine = {
  /** Of a Secret. `KIND/NAME` for a source with a mistake, and empty for an account whose annotations can't be read. */
  readonly name: string
  /**
   * The vault objects whose values the Secret holds. An object without a version is of an unknown one. Absent if they
   * aren't known: a controller of an earlier version wrote the line, they were left out, or the Secret could not be read.
   */
  readonly objects?: readonly ObjectReference[]
} & SecretState

type SecretState =
  | { readonly state: 'ready' }
  /** No longer requested, but it still exists. */
  | { readonly state: 'kept' }
  /** `code`: of an AkvError, or `waiting`; `sinceMs`: milliseconds since 1970 */
  | { readonly state: 'failing'; readonly code: string; readonly sinceMs: number }

/**
 * Reads a status. Others can write the annotation, too: what the controller wouldn't write is skipped, and makes the status
 * incomplete.
 */
export function readSyncStatus(text: string): SyncStatus {
  const secrets: SecretLine[] = []
  let leftOut = 0
  let isUnderstood = text.length <= maxStatusLength
  for (const line of text.slice(0, maxStatusLength).split('\n')) {
    const objects = readVersions(line)
    const last = secrets.at(-1)
    const secret = readLine(line)
    const others = /^\(others\): (\d{1,6}) ready, (\d{1,6}) failing(?:, (\d{1,6}) kept)?$/.exec(
      line,
    )
    if (objects && last && last.objects === undefined)
      secrets[secrets.length - 1] = { ...last, objects }
    else if (secret) secrets.push(secret)
    else if (others) for (const count of others.slice(1)) leftOut += Number(count ?? 0)
    else if (!/^\(versions\): \d{1,6} left out$/.test(line)) isUnderstood = false
  }
  const isListed = ({ name, objects }: SecretLine) => isSource(name) || objects !== undefined
  const isComplete = isUnderstood && leftOut === 0 && secrets.length > 0 && secrets.every(isListed)
  return { secrets, leftOut, isComplete }
}

/** Whether a line is about a Secret, and not about a source or the account. Their Secrets have lines of their own. */
export const isSecretLine = (name: string): boolean => name !== '' && !isSource(name)

const isSource = (name: string): boolean => name.includes('/')

function readLine(line: string): SecretLine | undefined {
  const [, written = '', state, code = '', time = ''] =
    /^((?:[A-Za-z]{1,40}\/)?[a-z0-9.-]{1,253}|\(account\)): (?:(ready|kept)|(\w{1,64}) since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))$/.exec(
      line,
    ) ?? []
  const name = written === accountLine ? '' : written
  if (state === 'ready' || state === 'kept') return { name, state }
  const sinceMs = Date.parse(time)
  return Number.isNaN(sinceMs) ? undefined : { name, state: 'failing', code, sinceMs }
}

/** `  [team-a:db-password@0123…, team-a:tls/web@4567…]` */
function readVersions(line: string): readonly ObjectReference[] | undefined {
  if (!line.startsWith('  [') || !line.endsWith(']')) return undefined
  const text = line.slice(3, -1)
  const objects = readObjectVersions(text)
  return joinObjectVersions(objects) === text ? objects : undefined
}
