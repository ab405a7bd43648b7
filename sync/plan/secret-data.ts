import type { AgentConfig, WantedFile } from '../../init-agent/contract.ts'
import { hasRequiredFiles } from '../../init-agent/projection/compare-content.ts'
import type { Content } from '../../init-agent/projection/project-content.ts'
import { objectKey } from '../../init-agent/projection/wanted-objects.ts'

/** What one Secret is to hold after a round. */
export interface SecretData {
  readonly keys: ReadonlyMap<string, Uint8Array>
  /**
   * `whole`: every key that has to be there is; `waiting`: some have no value yet; `reduced`: none is waited for, but
   * some were taken away, as the vault has their objects no more (`on-deleted: remove`).
   */
  readonly state: 'whole' | 'waiting' | 'reduced'
}

/**
 * The keys of one Secret, out of the content of its account.
 *
 * @param round - `filled`: the paths of "#*" that have been given what there was; `gone`: by `objectKey`, what the vault,
 *   when last asked, did not have or had disabled
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
  const folder = `${name}/`
  const keys = [...content.files]
    .filter(([path]) => path.startsWith(folder))
    .map(([path, { bytes }]) => [path.slice(folder.length), bytes] as const)
  const missing = filesOfSecret(name, config).filter(
    // A JSON object without properties has given all that there is.
    (file) =>
      file.optional !== true && !hasRequiredFiles(file, content.files) && !filled.has(file.path),
  )
  const isGone = (file: WantedFile) => gone.has(objectKey(file.object, file))
  const isReduced = config.onDeleted === 'remove' && missing.every(isGone)
  const lacking = isReduced ? 'reduced' : 'waiting'
  return { keys: new Map(keys), state: missing.length === 0 ? 'whole' : lacking }
}

/** What the configuration of an account has for one Secret: a folder that is the Secret, or files in it. */
export function filesOfSecret(name: string, { files }: AgentConfig): readonly WantedFile[] {
  return files.filter(({ path }) => path === name || path.startsWith(`${name}/`))
}
