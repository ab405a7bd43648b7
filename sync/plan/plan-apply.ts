import { AkvError } from '../../lib/errors/akv-error.ts'
import type { AccountId } from '../../requests/account/account.ts'
import { changedAtAnnotation, syncedAnnotation } from '../../requests/secret/names.ts'
import type { DesiredSecret } from './desired-secret.ts'
import { secretManifest } from './secret-manifest.ts'
import { secretObstacle } from './secret-obstacle.ts'
import type { SecretStep } from './secret-step.ts'
import type { StoredSecret } from './stored-secret.ts'

/** Plans an apply to an existing Secret, unless nothing would change or the API server would refuse it. */
export function planApply(
  { secret, objects }: Pick<DesiredSecret, 'secret' | 'objects'>,
  options: {
    readonly account: AccountId
    readonly stored: StoredSecret
    readonly keys: ReadonlyMap<string, Uint8Array>
    readonly force: boolean
    /** By the API server's clock. Absent: the Secret isn't for workloads. */
    readonly nowMs?: number | undefined
    /** `keys` includes keys whose entries are gone from the annotation. */
    readonly areKeysKept?: boolean
  },
): SecretStep {
  const { account, stored, keys, force, areKeysKept, nowMs } = options
  const { uid, annotations } = stored
  const isData = hasData(stored, keys)
  const error =
    secretObstacle(secret, { keys, stored }) ??
    (stored.isImmutable && !isData ? immutable(stored) : undefined)
  if (error !== undefined) return { kind: 'blocked', error }
  const syncedBefore = annotations.get(syncedAnnotation)
  const manifest = secretManifest({
    account,
    secret,
    keys,
    objects,
    uid,
    syncedBefore,
    areKeysKept,
    changedAt: timeText(isData ? Date.parse(annotations.get(changedAtAnnotation) ?? '') : nowMs),
  })
  // A Secret that isn't replaced may still name a deleted account of the same name, and would be collected.
  const isOwned = stored.owners.some((owner) => owner.uid === account.uid)
  const isDone =
    isData &&
    isOwned &&
    isExactly(stored.applied.data, [...keys.keys()]) &&
    hasValues(stored, 'labels', manifest.metadata.labels) &&
    hasValues(stored, 'annotations', manifest.metadata.annotations)
  return isDone ? { kind: 'nothing' } : { kind: 'apply', secret: manifest, force }
}

const timeText = (ms = Number.NaN): string | undefined =>
  Number.isNaN(ms) ? undefined : new Date(ms).toISOString()

/** Whether applying these keys would leave the data as it is. Applying removes keys that we own and don't send. */
function hasData({ data, applied }: StoredSecret, keys: ReadonlyMap<string, Uint8Array>): boolean {
  return (
    [...keys].every(([key, bytes]) => {
      const found = data.get(key)
      return found !== undefined && Buffer.compare(found, bytes) === 0
    }) && [...applied.data].every((key) => keys.has(key) || !data.has(key))
  )
}

/** Whether the labels or annotations have these values, and we own these and no others. */
function hasValues(
  stored: StoredSecret,
  member: 'labels' | 'annotations',
  wanted: Readonly<Record<string, string>>,
): boolean {
  const entries = Object.entries(wanted)
  return (
    entries.every(([name, value]) => stored[member].get(name) === value) &&
    isExactly(stored.applied[member], Object.keys(wanted))
  )
}

const isExactly = (set: ReadonlySet<string>, names: readonly string[]): boolean =>
  set.size === names.length && names.every((name) => set.has(name))

const immutable = ({ name }: StoredSecret): AkvError =>
  new AkvError(
    'AKV_SECRET_IMMUTABLE',
    `Secret ${name} is immutable, but the objects in the vault have changed`,
  )
