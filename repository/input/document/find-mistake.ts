import { type Document, isCollection, isMap, isScalar, type Pair, type Scalar, visit } from 'yaml'
import { printable } from '../../../lib/printable.ts'
import { duplicateSentence, type Mistake, yamlMistake } from '../text/yaml-mistake.ts'

/** Finds the first reason why a document can't be read. */
export function findMistake(document: Document.Parsed, text: string): Mistake | undefined {
  const [error] = document.errors
  if (error !== undefined) return yamlMistake(error, document, text)
  let mistake: Mistake | undefined
  const anchors = new Set<string>()
  const stopAt = (offset: number | undefined, sentence: string) => {
    mistake = { offset: offset ?? 0, sentence }
    return visit.BREAK
  }
  visit(document, {
    // Refuses keys that are collections: the library would write such a key as YAML again, which takes seconds if a few
    // hundred of them are nested.
    Pair: (_key, { key }) =>
      isCollection(key)
        ? stopAt(key.range?.[0], "a list or a mapping can't be a key in a manifest; quote it")
        : undefined,
    Value: (_key, node) => {
      if (node.anchor) anchors.add(node.anchor)
      const twice = isMap(node) ? duplicateKey(node.items) : undefined
      return twice && stopAt(twice.range?.[0], duplicateSentence(String(twice.value)))
    },
    Alias: (_key, { source, range }) =>
      anchors.has(source)
        ? undefined
        : stopAt(range?.[0], `nothing above has the anchor "${printable(source, 40)}"; add it`),
  })
  return mistake
}

/** Finds the first key that a mapping has twice. */
function duplicateKey(items: readonly Pair[]): Scalar | undefined {
  const seen = new Set<unknown>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    if (seen.has(key.value)) return key
    seen.add(key.value)
  }
  return undefined
}
