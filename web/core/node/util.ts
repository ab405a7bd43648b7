/** Node's `styleText` for a stream that isn't a terminal: no colours. */
export const styleText = (_format: unknown, text: string): string => text

/** Node's `isDeepStrictEqual` for data, as it is in manifests: lists, maps and scalars. */
export function isDeepStrictEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  const entries = Object.entries(one)
  return (
    entries.length === Object.keys(other).length &&
    entries.every(
      ([key, value]) =>
        Object.hasOwn(other, key) &&
        isDeepStrictEqual(value, (other as Readonly<Record<string, unknown>>)[key]),
    )
  )
}
