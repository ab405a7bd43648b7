import { closestMatch } from 'leven'
import { isNotifyUrl, onDeletedChoices } from '../../../init-agent/contract.ts'
import { isVaultName } from '../../../keyvault/reference.ts'
import { logLevels } from '../../../lib/log-level.ts'
import type { Parsed } from '../../../lib/parsed.ts'
import { maxContainers } from '../pod.ts'
import { parseDuration } from './duration.ts'
import { parseAmounts } from './quantity.ts'
import type { SettingTable, SettingValues } from './read-values.ts'
import { splitList } from './split-list.ts'
import { choiceOf, parseBoolean, parseUuid } from './words.ts'

/** Everything under this prefix is ours; a key that is not known is refused. */
export const annotationPrefix = 'akv-injector.io/'

/** Where among the init containers the agent goes. */
export type Position =
  | { readonly kind: 'first' }
  | { readonly kind: 'after'; readonly container: string }

export interface RunAs {
  readonly uid: number
  readonly gid?: number
}

/**
 * The annotations with one value each, and how each is read (docs/specification.md, "Annotations"). A sentence says what
 * is accepted; what was found stands beside it.
 */
export const settings = {
  inject: parseBoolean,
  vault: (text: string) =>
    isVaultName(text)
      ? { value: text.toLowerCase() }
      : { problem: 'expected the name of a vault: 3 to 24 letters, digits and hyphens' },
  'mount-path': parseMountPath,
  containers: parseNames,
  refresh: parseRefresh,
  'file-mode': parseFileMode,
  'client-id': parseUuid,
  'tenant-id': parseUuid,
  timeout: parseTimeout,
  'on-deleted': choiceOf(onDeletedChoices),
  notify: (text: string) =>
    isNotifyUrl(text)
      ? { value: text }
      : { problem: 'expected http://127.0.0.1:PORT/PATH: this address, a port, a path' },
  position: parsePosition,
  'run-as': parseRunAs,
  'agent-requests': parseAmounts,
  'agent-limits': parseAmounts,
  'log-level': choiceOf(logLevels),
} as const satisfies SettingTable

/** The annotations that name objects; `FILE` stands for the name of a file. */
export const objectKeys = ['secrets', 'objects', 'template.FILE', 'env'] as const
export const templatePrefix = 'template.'

export const isObjectKey = (key: string): boolean =>
  key.startsWith(templatePrefix) || (objectKeys as readonly string[]).includes(key)

export type Settings = SettingValues<typeof settings>

/**
 * The annotation of a ServiceAccount that names Secrets to fill (docs/specification.md, "Secret sync"), and those that may
 * stand beside it.
 */
export const syncKey = 'sync'
/** On the same ServiceAccount, written by the controller: the state of each Secret. */
export const syncStatusKey = 'sync-status'
export const accountSettings = {
  inject: settings.inject,
  vault: settings.vault,
  refresh: parseAccountRefresh,
  'client-id': settings['client-id'],
  'tenant-id': settings['tenant-id'],
  'on-deleted': settings['on-deleted'],
  // Nothing reads the text: that it has changed starts a round.
  'sync-now': (text: string) => ({ value: text }),
} as const satisfies SettingTable

/** On a Secret: the controller's own, and the one that hands a Secret over to it. */
export const syncedKey = 'synced'
export const secretSettings = {
  // No other value does, and a Secret that stays foreign is easily overlooked.
  adopt: (text: string) =>
    text === 'true' ? { value: true } : { problem: 'expected "true"; to keep it, take this off' },
} as const satisfies SettingTable
const secretKeys: readonly string[] = [syncedKey, ...Object.keys(secretSettings)]

const podKeys: readonly string[] = [...objectKeys, ...Object.keys(settings)]
const accountKeys: readonly string[] = [syncKey, ...Object.keys(accountSettings)]

/** What to say to a key that is none of a pod's. */
export function strangeOnPod(key: string): string {
  return [syncKey, 'sync-now', syncStatusKey].includes(key)
    ? 'belongs on the ServiceAccount whose identity reads the vault, not on a pod'
    : unknown(key, podKeys)
}

/** What to say to a key that is none of a ServiceAccount's. */
export function strangeOnAccount(key: string): string {
  if (secretKeys.includes(key)) return 'belongs on a Secret, not on a ServiceAccount'
  return isObjectKey(key) || Object.hasOwn(settings, key)
    ? `belongs on a pod; a ServiceAccount has ${accountKeys.join(', ')}`
    : unknown(key, accountKeys)
}

/** What to say to a key that is none of a Secret's. */
export function strangeOnSecret(key: string): string {
  return [...podKeys, ...accountKeys, syncStatusKey].includes(key) || isObjectKey(key)
    ? `belongs on a pod or a ServiceAccount; a Secret has ${Object.keys(secretSettings).join(', ')}`
    : unknown(key, Object.keys(secretSettings))
}

// Kubernetes' bound for the part of a key behind the slash.
const maxKeyLength = 63

function unknown(key: string, known: readonly string[]): string {
  const nearest = closestMatch(key.slice(0, maxKeyLength), known)
  return `is not known; the nearest key that is: ${annotationPrefix}${nearest}`
}

function parseNames(text: string): Parsed<readonly string[]> {
  const names = splitList(text, maxContainers)
  return names !== undefined && names.length > 0
    ? { value: [...new Set(names)] }
    : { problem: `expected 1 to ${maxContainers} names of containers, separated by commas` }
}

const minRefreshSeconds = 30

function parseRefresh(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if ('problem' in parsed) return parsed
  return parsed.value === 0 || parsed.value >= minRefreshSeconds
    ? parsed
    : { problem: `expected at least ${minRefreshSeconds}s, or "0" to fetch once` }
}

function parseAccountRefresh(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if ('problem' in parsed || parsed.value >= minRefreshSeconds) return parsed
  return { problem: `expected at least ${minRefreshSeconds}s: a Secret is kept fresh` }
}

function parseTimeout(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if ('value' in parsed && parsed.value === 0) return { problem: 'expected more than 0' }
  return parsed
}

function parseFileMode(text: string): Parsed<string> {
  if (!/^0?[0-7]{3}$/.test(text))
    return {
      problem: 'expected 3 or 4 octal digits such as "0440", without setuid, setgid and sticky',
    }
  const digits = text.slice(-3)
  // The agent owns the files, and compares what is there with what it fetched.
  return Number(digits[0]) & 4
    ? { value: `0${digits}` }
    : {
        problem:
          'expected a mode that lets the owner, the agent, read: "04…", "05…", "06…" or "07…"',
      }
}

function parsePosition(text: string): Parsed<Position> {
  if (text === 'first') return { value: { kind: 'first' } }
  const container = /^after:(.+)$/.exec(text)?.[1]
  return container === undefined
    ? { problem: 'expected "first" or "after:CONTAINER"' }
    : { value: { kind: 'after', container } }
}

// The API server's bound for runAsUser and runAsGroup.
const maxId = 2 ** 31 - 1

function parseRunAs(text: string): Parsed<RunAs> {
  const [match, user, group] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? []
  const uid = Number(user)
  const gid = Number(group ?? 0)
  if (match === undefined || uid > maxId || gid > maxId)
    return { problem: `expected UID or UID:GID, numbers up to ${maxId}` }
  return { value: group === undefined ? { uid } : { uid, gid } }
}

/** The service account token's place. `/var/run` is a link to `/run` in most images. */
const guardedPaths = ['/var/run/secrets', '/run/secrets']
/** The runtime's own. */
const systemPath = /^\/(proc|sys|dev)(\/|$)/
const maxMountPathLength = 1024

function parseMountPath(text: string): Parsed<string> {
  const isBounded = text.startsWith('/') && text.length <= maxMountPathLength
  const components = isBounded ? text.split('/').slice(1) : []
  const isPlain =
    isBounded &&
    components.every((component) => component !== '' && component !== '.' && component !== '..')
  // The API server refuses a ":" in a mount path; NUL and its like would end it.
  if (!isPlain || text.includes(':') || /\p{Cc}/u.test(text))
    return {
      problem:
        'expected an absolute directory other than "/", without "..", ":" or a slash at its end',
    }
  if (systemPath.test(text))
    return { problem: 'the container runtime mounts there itself; choose a folder of its own' }
  return guardedPaths.some((guarded) => guarded === text || guarded.startsWith(`${text}/`))
    ? { problem: 'a mount there would hide the service account token; choose a folder of its own' }
    : { value: text }
}
