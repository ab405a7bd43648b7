import { propertyNumber } from '../../keyvault/formats/property.ts'
import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { RequestedSecret } from '../request/requested-secret.ts'
import { dataKeyProblem, lackingKeys } from '../request/secret-types.ts'
import type { StoredSecret } from './stored-secret.ts'

/** The API server's limit for all values of a Secret together. */
const maxBytes = 1024 * 1024

/**
 * Why the API server would refuse a Secret with these keys. Checked before it is asked, because its messages may repeat
 * values.
 *
 * @param options - `stored`: the existing Secret; keys in it that aren't ours count towards its size
 */
export function secretObstacle(
  { name, type }: RequestedSecret,
  options: {
    readonly keys: ReadonlyMap<string, Uint8Array>
    readonly stored?: StoredSecret
  },
): AkvError | undefined {
  const { keys, stored } = options
  const error = (code: AkvErrorCode, problem: string) =>
    new AkvError({ code, message: `Secret ${name}: ${problem}` })
  if (stored !== undefined && stored.type !== type)
    return error(
      'AKV_SECRET_TYPE',
      `its type is ${printable(stored.type)}, but ${type} is requested`,
    )
  // Names that are written out have been checked. Those from "#*" are part of a value, so the message doesn't show them.
  for (const [index, key] of [...keys.keys()].entries()) {
    const problem = dataKeyProblem(key)
    if (problem !== undefined)
      return error(
        'AKV_PROPERTY',
        `the name of ${propertyNumber(index)} isn't a valid key: ${problem}`,
      )
  }
  const [lacking] = lackingKeys(type, keys)
  if (lacking !== undefined)
    return error(
      'AKV_SECRET_KEY',
      `type ${type} needs the key ${lacking}, but the JSON value of "#*" has no such property`,
    )
  return sizeOf(keys, stored) > maxBytes
    ? error('AKV_SECRET_TOO_LARGE', 'its values together exceed 1 MiB')
    : undefined
}

function sizeOf(keys: ReadonlyMap<string, Uint8Array>, stored?: StoredSecret): number {
  const others = [...(stored?.data ?? [])].filter(
    ([key]) => !keys.has(key) && !stored?.applied.data.has(key),
  )
  return [...keys, ...others].reduce((sum, [, bytes]) => sum + bytes.length, 0)
}
