import { didYouMean } from '../../lib/problems/did-you-mean.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { parseDuration } from '../../lib/values/parse-duration.ts'
import {
  annotationPrefix,
  isObjectKey,
  objectKeys,
  syncedKey,
  syncKey,
  syncStatusKey,
} from './keys/own-annotations.ts'
import { onChangeKey } from './on-change.ts'
import { minRefreshSeconds, podSettings } from './pod-settings.ts'
import type { ValueTable } from './read-values.ts'

/** The annotations of a ServiceAccount that hold a single value. */
export const accountSettings = {
  inject: podSettings.inject,
  vault: podSettings.vault,
  refresh: parseAccountRefresh,
  'client-id': podSettings['client-id'],
  'tenant-id': podSettings['tenant-id'],
  'identity-binding': podSettings['identity-binding'],
  'on-deleted': podSettings['on-deleted'],
  // Any text will do: a change of it starts a round.
  'refresh-now': podSettings['refresh-now'],
  // The older name of it.
  'sync-now': podSettings['refresh-now'],
} as const satisfies ValueTable

/** The annotations of a Secret that hold a single value. */
export const secretSettings = {
  // A misspelt value would leave the Secret to its owner, which is easily overlooked.
  adopt: (text: string) =>
    text === 'true'
      ? valid(true)
      : invalid('expected "true"; to keep the Secret, remove this annotation'),
} as const satisfies ValueTable
const secretKeys: readonly string[] = [syncedKey, ...Object.keys(secretSettings)]

const podKeys: readonly string[] = [...objectKeys, ...Object.keys(podSettings)]
const accountKeys: readonly string[] = [syncKey, ...Object.keys(accountSettings)]

/** The sentence about a key that a pod can't have. */
export function unknownKeyOnPod(key: string): string {
  return [syncKey, 'sync-now', syncStatusKey].includes(key)
    ? 'belongs on the ServiceAccount whose identity reads the vault, not on a pod'
    : unknownKey(key, podKeys)
}

/** The sentence about a key that a ServiceAccount can't have. */
export function unknownKeyOnAccount(key: string): string {
  if (key === onChangeKey) return belongsOnWorkload
  if (secretKeys.includes(key)) return 'belongs on a Secret, not on a ServiceAccount'
  return isObjectKey(key) || Object.hasOwn(podSettings, key)
    ? `belongs on a pod; a ServiceAccount has ${accountKeys.join(', ')}`
    : unknownKey(key, accountKeys)
}

/** The sentence about a key that a Secret can't have. */
export function unknownKeyOnSecret(key: string): string {
  if (key === onChangeKey) return belongsOnWorkload
  return [...podKeys, ...accountKeys, syncStatusKey].includes(key) || isObjectKey(key)
    ? `belongs on a pod or a ServiceAccount; a Secret has ${Object.keys(secretSettings).join(', ')}`
    : unknownKey(key, Object.keys(secretSettings))
}

const belongsOnWorkload =
  'belongs on the workload whose pods use the Secret, in its own metadata; or, if its pods are injected, in its pod template'

const unknownKey = (key: string, known: readonly string[]): string =>
  `unknown annotation; ${didYouMean(key, known, annotationPrefix)}`

function parseAccountRefresh(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if (parsed.kind === 'invalid' || parsed.value >= minRefreshSeconds) return parsed
  return invalid(`expected at least ${minRefreshSeconds}s, because a Secret is always refreshed`)
}
