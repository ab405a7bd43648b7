import { type Document, isAlias, isMap, isScalar } from 'yaml'
import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'
import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'

/** Annotations that YAML reads as something other than strings, and that the API server would refuse. */
export interface UnquotedAnnotations {
  /** Their values as they were written: `0400`, which YAML makes the number 256 of. */
  readonly written: Readonly<Record<string, string>>
  readonly problems: readonly Problem[]
}

/**
 * Looks for annotations of ours that lack their quotes.
 *
 * @param path - where the object with the annotations stands in the document
 */
export function findUnquotedAnnotations(
  document: Document,
  path: readonly (string | number)[],
): UnquotedAnnotations {
  const annotations = document.getIn([...path, 'metadata', 'annotations'], true)
  const written: Record<string, string> = Object.create(null)
  for (const { key, value } of isMap(annotations) ? annotations.items : []) {
    const name = isScalar(key) ? key.value : key
    const scalar = isAlias(value) ? value.resolve(document) : value
    if (typeof name !== 'string' || !name.startsWith(annotationPrefix)) continue
    if (isScalar(scalar) && typeof scalar.value !== 'string' && scalar.source)
      written[name] = scalar.source
  }
  const problems = Object.entries(written).map(([name, source]) => ({
    subject: printable(name, 120),
    found: printable(source),
    sentence: 'must be a string; quote the value',
  }))
  return { written, problems }
}
