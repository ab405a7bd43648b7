import { destinationKey, type SecretValue, secretOf } from '../../delivery/destination.ts'
import { indexFiles } from '../../delivery/projection/compare-content.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { neededObjectKeys } from '../../delivery/projection/wanted-objects.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { SyncConfig } from '../../requests/account/account-request.ts'
import { filesOfSecret } from '../../requests/account/account-request.ts'

/** The keys that a Secret should hold after a round. */
export interface SecretData {
  readonly keys: ReadonlyMap<string, Uint8Array>
  /**
   * `whole`: every required key has a value; `waiting`: some have no value yet; `reduced`: some keys were removed because
   * their objects are gone from the vault (`on-deleted: remove`), and all others have values; `unfound`: its finds have found
   * nothing, so it stays as it is; `held`: it keeps the data that it has, whatever that is; `emptied`: none of its objects exist,
   * and its deletion policy is `Delete`.
   */
  readonly state: 'whole' | 'waiting' | 'reduced' | 'unfound' | 'held' | 'emptied'
  /** The keys can't be made of the values. The Secret stays as it is. */
  readonly error?: AkvError
}

/** What a round knows of the values of an account. */
export interface RoundValues {
  readonly config: Pick<SyncConfig, 'files' | 'onDeleted'>
  readonly content: Pick<Content, 'files'>
  /** The `destinationKey`s of "#*" entries whose value has been fetched. */
  readonly filled: Pick<ReadonlySet<string>, 'has'>
  /** The `objectKey`s of objects that were missing or disabled when the vault was last asked. */
  readonly removed: Pick<ReadonlySet<string>, 'has'>
}

/** What an account's configuration and content have for one Secret. */
export type SecretPart = Pick<RoundValues, 'config' | 'content'>

/**
 * Divides the configuration and the content of an account among its Secrets. Looking through all of it for each Secret
 * would take quadratic time.
 *
 * @returns the part of a Secret by its name
 */
export function divideBySecret({ config, content }: SecretPart): (name: string) => SecretPart {
  const wanted = Map.groupBy(config.files, ({ to }) => to.secret)
  const found = Map.groupBy(content.files, ([, { to }]) => secretOf(to))
  return (name) => ({
    config: { ...config, files: wanted.get(name) ?? [] },
    content: { files: new Map(found.get(name)) },
  })
}

/** Picks the keys of one Secret from the content of its account. */
export function secretData(name: string, round: RoundValues): SecretData {
  const { config, removed } = round
  // Only its find gives a Secret no keys.
  if (filesOfSecret(name, config).length === 0)
    return { keys: new Map(), state: config.onDeleted === 'remove' ? 'reduced' : 'unfound' }
  const missing = missingFiles(name, round)
  const isGone = (file: SecretValue) => neededObjectKeys(file).some((key) => removed.has(key))
  const isReduced = config.onDeleted === 'remove' && missing.every(isGone)
  const lacking = isReduced ? 'reduced' : 'waiting'
  return { keys: keysOf(name, round), state: missing.length === 0 ? 'whole' : lacking }
}

/** The values in the content by their keys. */
const keysOf = (name: string, { content }: RoundValues): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...content.files.values()].flatMap(({ bytes, to }) =>
      to.kind === 'key' && to.secret === name && to.key !== undefined ? [[to.key, bytes]] : [],
    ),
  )

/** The required files of a Secret that have no value. An entry for all properties isn't missing once its object was fetched: the
 * object may have no properties. */
export function missingFiles(name: string, { config, content, filled }: RoundValues) {
  const hasRequiredFiles = indexFiles(content.files)
  return filesOfSecret(name, config).filter(
    (file) =>
      file.optional !== true && !hasRequiredFiles(file) && !filled.has(destinationKey(file.to)),
  )
}
