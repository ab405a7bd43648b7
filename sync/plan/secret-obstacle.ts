import { propertyNumber } from '../../keyvault/formats/property.ts'
import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { RequestedSecret } from '../request/read-account.ts'
import { dataKeyProblem, lackingKeys } from '../request/secret-types.ts'
import type { StoredSecret } from './stored-secret.ts'

/** What the API server counts against: all values of a Secret together. */
const maxBytes = 1024 * 1024

/**
 * Why the API server would refuse a Secret with these keys, in our words: its own may repeat values.
 *
 * @param options - `stored`: what is there, whose other keys stay
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
      `it is of type ${printable(stored.type)}, and asked for as ${type}`,
    )
  // Only "#*" can bring such a name, a part of the value: all others stand in the annotation.
  for (const [index, key] of [...keys.keys()].entries()) {
    const problem = dataKeyProblem(key)
    if (problem !== undefined)
      return error(
        'AKV_PROPERTY',
        `the name of ${propertyNumber(index)} is none for a key: ${problem}`,
      )
  }
  const [lacking] = lackingKeys(type, keys)
  if (lacking !== undefined)
    return error('AKV_SECRET_KEY', `type ${type} needs the key ${lacking}, which "#*" did not give`)
  return sizeOf(keys, stored) > maxBytes
    ? error('AKV_SECRET_TOO_LARGE', 'its values would be more than 1 MiB together')
    : undefined
}

function sizeOf(keys: ReadonlyMap<string, Uint8Array>, stored?: StoredSecret): number {
  const others = [...(stored?.data ?? [])].filter(
    ([key]) => !keys.has(key) && !stored?.applied.data.has(key),
  )
  return [...keys, ...others].reduce((sum, [, bytes]) => sum + bytes.length, 0)
}
