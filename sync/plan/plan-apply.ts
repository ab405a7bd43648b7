import { AkvError } from '../../lib/errors/akv-error.ts'
import { syncedAnnotation } from './names.ts'
import type { DesiredSecret, SecretSituation } from './plan-secret.ts'
import { secretManifest } from './secret-manifest.ts'
import { secretObstacle } from './secret-obstacle.ts'
import type { SecretStep } from './secret-step.ts'
import type { StoredSecret } from './stored-secret.ts'

/** Applies to a Secret that is there, unless all is there and ours already, or something is in the way. */
export function planApply(
  { secret, objects }: Pick<DesiredSecret, 'secret' | 'objects'>,
  options: {
    readonly account: SecretSituation['account']
    readonly stored: StoredSecret
    readonly keys: ReadonlyMap<string, Uint8Array>
    readonly force: boolean
    /** Keys stay that come from objects that aren't asked for any more. */
    readonly areKeysKept?: boolean
  },
): SecretStep {
  const { account, stored, keys, force, areKeysKept } = options
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
  })
  const isDone =
    isData &&
    isExactly(stored.applied.data, [...keys.keys()]) &&
    hasTexts(stored, 'labels', manifest.metadata.labels) &&
    hasTexts(stored, 'annotations', manifest.metadata.annotations)
  return isDone ? { kind: 'nothing' } : { kind: 'apply', secret: manifest, force }
}

/** Whether the data would be the same: all keys with these bytes, and none of ours that would go. */
function hasData({ data, applied }: StoredSecret, keys: ReadonlyMap<string, Uint8Array>): boolean {
  return (
    [...keys].every(([key, bytes]) => {
      const found = data.get(key)
      return found !== undefined && Buffer.compare(found, bytes) === 0
    }) && [...applied.data].every((key) => keys.has(key) || !data.has(key))
  )
}

/** Whether these are there with these values, and they and no others are ours. */
function hasTexts(
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
  new AkvError({
    code: 'AKV_SECRET_IMMUTABLE',
    message: `Secret ${name} is immutable, and the vault's objects have changed`,
  })
