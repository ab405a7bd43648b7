import type { AgentConfig, WantedFile } from '../../delivery/contract.ts'
import { indexFiles } from '../../delivery/projection/compare-content.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { objectKey } from '../../delivery/projection/wanted-objects.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import { decodeTarget } from '../../requests/secret/key-path.ts'

/** The keys that a Secret should hold after a round. */
export interface SecretData {
  readonly keys: ReadonlyMap<string, Uint8Array>
  /**
   * `whole`: every required key has a value; `waiting`: some have no value yet; `reduced`: some keys were removed because
   * their objects are gone from the vault (`on-deleted: remove`), and all others have values.
   */
  readonly state: 'whole' | 'waiting' | 'reduced'
  /** The keys can't be made of the values. The Secret stays as it is. */
  readonly error?: AkvError
}

/** What a round knows of the values of an account. */
export interface RoundValues {
  readonly config: AgentConfig
  readonly content: Pick<Content, 'files'>
  /** The paths of "#*" entries whose value has been fetched. */
  readonly filled: ReadonlySet<string>
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
  const wanted = Map.groupBy(config.files, ({ path }) => decodeTarget(path).secret)
  const found = Map.groupBy(content.files, ([path]) => decodeTarget(path).secret)
  return (name) => ({
    config: { ...config, files: wanted.get(name) ?? [] },
    content: { files: new Map(found.get(name)) },
  })
}

/** Picks the keys of one Secret from the content of its account. */
export function secretData(name: string, round: RoundValues): SecretData {
  const { config, removed } = round
  const missing = missingFiles(name, round)
  const isGone = (file: WantedFile) => removed.has(objectKey(file.object, file))
  const isReduced = config.onDeleted === 'remove' && missing.every(isGone)
  const lacking = isReduced ? 'reduced' : 'waiting'
  return { keys: valuesOf(name, round), state: missing.length === 0 ? 'whole' : lacking }
}

/** The values in the content by their keys, or by the names of the inputs of a composed Secret. */
export const valuesOf = (name: string, { content }: RoundValues): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...content.files].flatMap(([path, { bytes }]) => {
      const { secret, key } = decodeTarget(path)
      return secret === name && key !== undefined ? [[key, bytes] as const] : []
    }),
  )

/** The files of a Secret that are required and have no value. A JSON object without properties has no keys, so none is missing. */
export function missingFiles(name: string, { config, content, filled }: RoundValues) {
  const hasRequiredFiles = indexFiles(content.files)
  return filesOfSecret(name, config).filter(
    (file) => file.optional !== true && !hasRequiredFiles(file) && !filled.has(file.path),
  )
}

/** The files in an account's configuration that represent the keys of one Secret. */
export function filesOfSecret(name: string, { files }: AgentConfig): readonly WantedFile[] {
  return files.filter(({ path }) => decodeTarget(path).secret === name)
}
