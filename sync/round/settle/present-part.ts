import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import type { SecretPart } from '../../plan/secret-data.ts'

/**
 * Whether an object's failure doesn't concern a Secret: its deletion policy skips objects that the vault doesn't have. A disabled
 * object still exists, so it stays an error.
 */
export const isSkipped = (
  { composition }: Pick<RequestedSecret, 'composition'>,
  { code }: Pick<AkvError, 'code'>,
): boolean => composition?.onGone !== undefined && code === 'AKV_OBJECT_NOT_FOUND'

/** The part of a Secret without the objects that its deletion policy skips. */
export function presentPart(
  secret: RequestedSecret,
  { config, content }: SecretPart,
  { removed }: Pick<AccountValues, 'removed'>,
): SecretPart {
  if (secret.composition?.onGone === undefined) return { config, content }
  const files = config.files.filter((file) => {
    const error = removed.get(objectKey(file.object, file))
    return error === undefined || !isSkipped(secret, error)
  })
  const indexes = new Set(files.map(({ to }) => to.kind === 'input' && to.index))
  const found = [...content.files].filter(
    ([, { to }]) => to.kind === 'input' && indexes.has(to.index),
  )
  return { config: { ...config, files }, content: { files: new Map(found) } }
}
