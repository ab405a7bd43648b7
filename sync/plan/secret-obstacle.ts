import { propertyNumber } from '../../keyvault/formats/property-number.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { RequestedSecret } from '../../requests/secret/requested-secret.ts'
import { dataKeyProblem, lackingKeys } from '../../requests/secret/secret-types.ts'
import type { StoredSecret } from './stored-secret.ts'
import { secretValuesError } from './values-error.ts'

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
  const { stored } = options
  if (stored !== undefined && stored.type !== type)
    return new AkvError(
      'AKV_SECRET_TYPE',
      `Secret ${name}: its type is ${printable(stored.type)}, but ${type} is requested`,
    )
  const problem = valuesProblem(type, options)
  return problem === undefined ? undefined : secretValuesError(name, `Secret ${name}: ${problem}`)
}

function valuesProblem(
  type: string,
  { keys, stored }: Parameters<typeof secretObstacle>[1],
): string | undefined {
  // Names that are written out have been checked. Those from "#*" are part of a value, so the problem doesn't show them.
  for (const [index, key] of [...keys.keys()].entries()) {
    const problem = dataKeyProblem(key)
    if (problem !== undefined)
      return `the name of ${propertyNumber(index)} isn't a valid key: ${problem}`
  }
  const [lacking] = lackingKeys(type, keys)
  if (lacking !== undefined)
    return `type ${type} needs the key ${lacking}, but the JSON value of "#*" has no such property`
  return sizeOf(keys, stored) > maxBytes ? 'its values together exceed 1 MiB' : undefined
}

function sizeOf(keys: ReadonlyMap<string, Uint8Array>, stored?: StoredSecret): number {
  const others = [...(stored?.data ?? [])].filter(
    ([key]) => !keys.has(key) && !stored?.applied.data.has(key),
  )
  return [...keys, ...others].reduce((sum, [, bytes]) => sum + bytes.length, 0)
}
