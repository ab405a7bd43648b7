import { describeWanted } from '../../../command/review/describe-wanted.ts'
import type { SecretValue } from '../../../delivery/destination.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import { opaqueType } from '../../../requests/secret/secret-types.ts'

/** A Secret of a class or an ExternalSecret as an item of `akv-injector.io/sync`, or why it can't be one. */
export type SecretItem =
  | { readonly kind: 'item'; readonly item: JsonObject }
  | { readonly kind: 'none'; readonly reason: string }

/**
 * Turns a Secret into an item of `akv-injector.io/sync`. The objects of a class keep their format, with the keys of the
 * Secret as aliases, so that the bytes of the values stay the same. An ExternalSecret becomes entries of `data`.
 *
 * @param files - the keys of all Secrets of the source
 */
export function secretItemOf(
  { name, type, labels, annotations = {}, source }: RequestedSecret,
  files: readonly SecretValue[],
): SecretItem {
  const keys = files.flatMap((file) => {
    const { to } = file
    return to.kind === 'key' && to.secret === name ? [{ key: to.key ?? '', file }] : []
  })
  if (
    source?.kind !== 'ExternalSecret' &&
    keys.some(({ file }) => file.format === 'tls.crt' || file.format === 'tls.key')
  )
    return {
      kind: 'none',
      reason: `Secret ${name}: its keys are parts of one certificate; Secret sync makes it from the class`,
    }
  const older = keys.find(({ file }) => file.versionIndex !== undefined)
  if (older)
    return {
      kind: 'none',
      reason: `Secret ${name}: its key ${older.key} holds an older version of ${older.file.object.name}, which annotations can't name by its place in the history; Secret sync makes it from the class`,
    }
  const item = {
    secret: name,
    ...(type !== opaqueType && { type }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(source?.kind === 'ExternalSecret'
      ? { data: keys.map(entryOf).join('\n') }
      : { objects: keys.map(({ key, file }) => objectOf(file, key)) }),
  }
  return { kind: 'item', item }
}

/** Writes an entry. One that fills a whole Secret has no key. */
const entryOf = ({ key, file }: { readonly key: string; readonly file: SecretValue }): string =>
  `${key === '' ? '' : `${key}=`}${describeWanted(file)}`

const objectOf = ({ object, format, encoding }: SecretValue, key: string): JsonObject => ({
  objectName: object.name,
  objectType: object.type,
  ...(object.version && { objectVersion: object.version }),
  ...(object.type === 'secret' && format === undefined && { objectFormat: 'pfx' }),
  ...(encoding && { objectEncoding: encoding }),
  ...(key !== object.name && { objectAlias: key }),
})
