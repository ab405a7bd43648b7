import type { WantedFile } from '../../init-agent/contract.ts'
import { printable } from '../../lib/printable.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'

/** A Secret of a class as an item of `akv-injector.io/sync`, or why it can't be one. */
export type SecretItem =
  | {
      readonly kind: 'item'
      readonly name: string
      readonly item: JsonObject
      /** The files of the class that its keys have, by key. */
      readonly files: ReadonlyMap<string, WantedFile>
    }
  | { readonly kind: 'none'; readonly reason: string }

/**
 * Turns an item of a class's `secretObjects` into an item of `akv-injector.io/sync`. Its objects are those of the class,
 * with the keys of the Secret as aliases, so the values are the same bytes.
 *
 * @param files - of the class
 */
export function secretItemOf(secretObject: unknown, files: readonly WantedFile[]): SecretItem {
  const { secretName, type, labels, annotations, data } = isObject(secretObject) ? secretObject : {}
  const name = typeof secretName === 'string' ? secretName : 'without a name'
  const none = (why: string): SecretItem => ({
    kind: 'none',
    reason: `Secret ${printable(name)}: ${why}`,
  })
  if (type === 'kubernetes.io/tls')
    return none('its keys are parts of one certificate; Secret sync makes it from the class')
  const byKey = new Map<string, WantedFile>()
  for (const entry of Array.isArray(data) ? data : []) {
    const { objectName, key } = isObject(entry) ? entry : {}
    const file = files.find((one) => newestPath(one) === objectName)
    if (file === undefined || typeof key !== 'string')
      return none(`the class has no object ${printable(String(objectName))}`)
    if (byKey.has(key)) return none(`it has the key ${printable(key)} twice`)
    byKey.set(key, file)
  }
  const item = {
    secret: secretName,
    ...(type != null && type !== '' && type !== 'Opaque' && { type }),
    ...(isFilled(labels) && { labels }),
    ...(isFilled(annotations) && { annotations }),
    objects: [...byKey].map(([key, file]) => objectOf(file, key)),
  }
  return { kind: 'item', name, item, files: byKey }
}

const isFilled = (value: unknown): boolean =>
  value != null && !(isObject(value) && Object.keys(value).length === 0)

/** The newest version of a history is its file `0`. */
const newestPath = ({ path, versions }: WantedFile): string =>
  versions === undefined ? path : `${path}/0`

const objectOf = ({ object, format, encoding }: WantedFile, key: string): JsonObject => ({
  objectName: object.name,
  objectType: object.type,
  ...(object.version && { objectVersion: object.version }),
  ...(object.type === 'secret' && format === undefined && { objectFormat: 'pfx' }),
  ...(encoding && { objectEncoding: encoding }),
  ...(key !== object.name && { objectAlias: key }),
})
