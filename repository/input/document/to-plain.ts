import type { Document } from 'yaml'
import { FileError } from '../text/file-error.ts'
import { type Manifest, treeOf } from './manifest.ts'
import { positionOf } from './position-of.ts'

const plainValues = new WeakMap<Document, unknown>()

/**
 * Converts a document to plain data. Nobody changes the data, so this happens once, as long as the document's tree is
 * kept.
 *
 * @throws FileError if the document has more aliases, or is nested more deeply, than a manifest needs
 */
export function toPlain(manifest: Manifest): unknown {
  const document = treeOf(manifest)
  if (!plainValues.has(document)) plainValues.set(document, convert(manifest))
  return plainValues.get(document)
}

function convert(manifest: Manifest): unknown {
  try {
    return treeOf(manifest).toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new FileError(positionOf(manifest, []), conversionSentence(error))
  }
}

function conversionSentence(error: unknown): string {
  if (error instanceof ReferenceError)
    return 'the aliases of this document repeat too much of it; write the values out'
  return error instanceof RangeError
    ? 'is nested too deeply; flatten it'
    : 'a merge key (<<) needs a mapping, or an alias of one; correct it'
}
