/** What a field accepts, so that a stand-in in it is as valid as the value will be. */
export type Shape = 'name' | 'uuid' | 'version' | 'url' | 'duration'

const shapes: Readonly<Record<string, Shape>> = {
  clientid: 'uuid',
  'client-id': 'uuid',
  tenantid: 'uuid',
  'tenant-id': 'uuid',
  userassignedidentityid: 'uuid',
  objectversion: 'version',
  version: 'version',
  vaulturl: 'url',
  refreshinterval: 'duration',
  refresh: 'duration',
}

const shapeOf = (key: string): Shape =>
  shapes[key.slice(key.lastIndexOf('/') + 1).toLowerCase()] ?? 'name'

/** The key before a value in a text of YAML or JSON, such as the `objects` of a SecretProviderClass. */
const keyBefore = /([A-Za-z][\w-]{0,40})["']?\s{0,5}:\s{0,5}["']?$/

/**
 * What a value accepts where a placeholder is. If it is a part of the value, a name.
 *
 * @param span - of the placeholder; `key`: of the field or annotation
 */
export function shapeIn(
  text: string,
  { key, start, end }: { readonly key: string; readonly start: number; readonly end: number },
): Shape {
  if (start === 0 && end === text.length) return shapeOf(key)
  const before = text.slice(Math.max(0, start - 60), start)
  // A reference with a version, as in an object list.
  if (before.endsWith('@')) return 'version'
  if (!/^["']?\s{0,5}(?:[,;}\n]|$)/.test(text.slice(end, end + 10))) return 'name'
  const [, above] = keyBefore.exec(before) ?? []
  return above === undefined ? 'name' : shapeOf(above)
}
