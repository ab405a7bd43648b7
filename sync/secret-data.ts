import type { Content } from '../init-agent/content.ts'
import type { AgentConfig } from '../init-agent/contract.ts'

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
 * @param gone - `objectKey`s of the objects that the vault, when last asked, did not have or had disabled; what they are
 *   for counts only where `on-deleted` is `remove`
 */
export function secretData(
  name: string,
  round: {
    readonly config: AgentConfig
    readonly content: Content
    readonly gone: ReadonlySet<string>
  },
): SecretData {
  throw new Error(`not built yet: ${name} ${round.gone.size}`)
}
