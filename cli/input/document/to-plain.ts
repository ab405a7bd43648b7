import type { Manifest } from '../read-manifests.ts'
import { FileError } from '../text/file-error.ts'
import { placeOf } from './place-of.ts'

const plainValues = new WeakMap<Manifest, unknown>()

/**
 * The values of a document. Nobody changes them, so each document is converted once.
 *
 * @throws FileError if the document has more aliases, or is nested more deeply, than a manifest needs
 */
export function toPlain(manifest: Manifest): unknown {
  if (!plainValues.has(manifest)) plainValues.set(manifest, convert(manifest))
  return plainValues.get(manifest)
}

function convert(manifest: Manifest): unknown {
  try {
    return manifest.document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new FileError(placeOf(manifest, []), conversionSentence(error))
  }
}

function conversionSentence(error: unknown): string {
  if (error instanceof ReferenceError)
    return 'the aliases of this document repeat too much of it; write the values out'
  return error instanceof RangeError
    ? 'is nested too deeply; flatten it'
    : 'a merge key (<<) needs a mapping, or an alias of one; correct it'
}
