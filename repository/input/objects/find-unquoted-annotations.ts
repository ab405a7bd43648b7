import { type Document, isAlias, isMap, isScalar } from 'yaml'
import { printable } from '../../../lib/printable.ts'
import { annotationPath, type Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'

/** Annotations whose values YAML doesn't parse as strings. The API server would refuse them. */
interface UnquotedAnnotations {
  /** The values as the author wrote them, such as `0400`, which YAML parses as the number 256. */
  readonly written: Readonly<Record<string, string>>
  readonly problems: readonly Problem[]
}

/**
 * Finds our annotations that need quotes.
 *
 * @param path - the path of the annotated object in the document
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
    path: annotationPath(name),
    subject: printable(name, 120),
    found: printable(source),
    sentence: 'must be a string; quote the value',
  }))
  return { written, problems }
}
