import { isMetricsPort, isNotifyUrl, onDeletedChoices } from '../../delivery/contract.ts'
import { isVaultName } from '../../keyvault/reference.ts'
import { logLevels } from '../../lib/log/log-level.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { parseBoolean } from '../../lib/values/parse-boolean.ts'
import { parseChoice } from '../../lib/values/parse-choice.ts'
import { parseDuration } from '../../lib/values/parse-duration.ts'
import { parseFileMode } from '../../lib/values/parse-file-mode.ts'
import { parseMountPath } from '../../lib/values/parse-mount-path.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { parseAmounts } from '../../lib/values/quantity.ts'
import { splitList } from '../../lib/values/split-list.ts'
import { parseOnChange } from './on-change.ts'
import type { ValuesOf, ValueTable } from './read-values.ts'

/** Far above what a node runs. Anybody in the cluster can call us, so the work for one pod needs a bound. */
export const maxContainers = 1000

/** The agent's position among the init containers. */
export type Position =
  | { readonly kind: 'first' }
  | { readonly kind: 'after'; readonly container: string }

/** The user and the group that the agent runs as. */
export interface RunAs {
  readonly uid: number
  readonly gid?: number
}

/**
 * The annotations of a pod that hold a single value, and the parser of each (docs/specification.md, "Annotations").
 * A parser's sentence says what is accepted; the message shows the value found beside it.
 */
export const podSettings = {
  inject: parseBoolean,
  vault: (text: string) =>
    isVaultName(text)
      ? valid(text.toLowerCase())
      : invalid('expected the name of a vault: 3 to 24 letters, digits and hyphens'),
  'mount-path': parseMountPath,
  containers: parseContainerNames,
  refresh: parseRefresh,
  'file-mode': parseFileMode,
  'client-id': parseUuid,
  'tenant-id': parseUuid,
  'identity-binding': parseBoolean,
  // Any text will do: the agent refreshes when it changes.
  'refresh-now': (text: string) => valid(text),
  timeout: parsePositiveDuration,
  'optional-objects': parseFileNames,
  'on-deleted': parseChoice(onDeletedChoices),
  notify: (text: string) =>
    isNotifyUrl(text)
      ? valid(text)
      : invalid('expected http://127.0.0.1:PORT/PATH, with exactly this address'),
  'on-change': parseOnChange,
  metrics: parseMetricsPort,
  'stale-after': parsePositiveDuration,
  position: parsePosition,
  'run-as': parseRunAs,
  'agent-requests': parseAmounts,
  'agent-limits': parseAmounts,
  'log-level': parseChoice(logLevels),
} as const satisfies ValueTable

export type PodSettings = ValuesOf<typeof podSettings>

function parseContainerNames(text: string): Parsed<readonly string[]> {
  const names = splitList(text, maxContainers)
  return names !== undefined && names.length > 0
    ? valid([...new Set(names)])
    : invalid(`expected 1 to ${maxContainers} names of containers, separated by commas`)
}

/** As many as the files that volumes may have. */
const maxFileNames = 1000

function parseFileNames(text: string): Parsed<readonly string[]> {
  const names = splitList(text, maxFileNames)
  return names !== undefined && names.length > 0
    ? valid([...new Set(names)])
    : invalid(`expected 1 to ${maxFileNames} names of files, separated by commas, or "*"`)
}

export const minRefreshSeconds = 30

function parseRefresh(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if (parsed.kind === 'invalid') return parsed
  return parsed.value === 0 || parsed.value >= minRefreshSeconds
    ? parsed
    : invalid(`expected at least ${minRefreshSeconds}s, or "0" to fetch once`)
}

function parsePositiveDuration(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if (parsed.kind === 'valid' && parsed.value === 0) return invalid('expected more than 0')
  return parsed
}

function parseMetricsPort(text: string): Parsed<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port === 0 || isMetricsPort(port)
    ? valid(port)
    : invalid('expected a port from 1024 to 65535, or "0" to serve no metrics')
}

function parsePosition(text: string): Parsed<Position> {
  if (text === 'first') return valid({ kind: 'first' })
  const container = /^after:(.+)$/.exec(text)?.[1]
  return container === undefined
    ? invalid('expected "first" or "after:CONTAINER"')
    : valid({ kind: 'after', container })
}

/** The API server's bound for runAsUser and runAsGroup. */
const maxId = 2 ** 31 - 1

function parseRunAs(text: string): Parsed<RunAs> {
  const [match, user, group] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? []
  const uid = Number(user)
  const gid = Number(group ?? 0)
  if (match === undefined || uid > maxId || gid > maxId)
    return invalid(`expected UID or UID:GID, numbers up to ${maxId}`)
  return valid(group === undefined ? { uid } : { uid, gid })
}
