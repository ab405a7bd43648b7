import type { AgentConfig, WantedFile } from '../../init-agent/contract.ts'
import { hasRequiredFiles } from '../../init-agent/projection/compare-content.ts'
import type { Content } from '../../init-agent/projection/project-content.ts'
import { objectKey } from '../../init-agent/projection/wanted-objects.ts'
import { decodeTarget } from '../request/key-path.ts'

/** The keys that a Secret should hold after a round. */
export interface SecretData {
  readonly keys: ReadonlyMap<string, Uint8Array>
  /**
   * `whole`: every required key has a value; `waiting`: some have no value yet; `reduced`: some keys were removed because
   * their objects are gone from the vault (`on-deleted: remove`), and all others have values.
   */
  readonly state: 'whole' | 'waiting' | 'reduced'
}

/**
 * Picks the keys of one Secret from the content of its account.
 *
 * @param round - `filled`: the paths of "#*" entries whose value has been fetched; `gone`: the `objectKey`s of objects
 *   that were missing or disabled when the vault was last asked
 */
export function secretData(
  name: string,
  round: {
    readonly config: AgentConfig
    readonly content: Content
    readonly filled: ReadonlySet<string>
    readonly gone: Pick<ReadonlySet<string>, 'has'>
  },
): SecretData {
  const { config, content, filled, gone } = round
  const keys = [...content.files].flatMap(([path, { bytes }]) => {
    const { secret, key } = decodeTarget(path)
    return secret === name && key !== undefined ? [[key, bytes] as const] : []
  })
  const missing = filesOfSecret(name, config).filter(
    // A JSON object without properties has no keys, so none is missing.
    (file) =>
      file.optional !== true && !hasRequiredFiles(file, content.files) && !filled.has(file.path),
  )
  const isGone = (file: WantedFile) => gone.has(objectKey(file.object, file))
  const isReduced = config.onDeleted === 'remove' && missing.every(isGone)
  const lacking = isReduced ? 'reduced' : 'waiting'
  return { keys: new Map(keys), state: missing.length === 0 ? 'whole' : lacking }
}

/** The files in an account's configuration that represent the keys of one Secret. */
export function filesOfSecret(name: string, { files }: AgentConfig): readonly WantedFile[] {
  return files.filter(({ path }) => decodeTarget(path).secret === name)
}
