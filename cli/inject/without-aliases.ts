import { Document, visit } from 'yaml'
import { yamlOptions } from '../input/read-manifests.ts'

/** Replaces aliases with copies, because a change in one place must not change the others that share the node. */
export function withoutAliases(document: Document): Document {
  let hasAliases = false
  visit(document, {
    Alias: () => {
      hasAliases = true
      return visit.BREAK
    },
  })
  return hasAliases
    ? new Document(document.toJS(), { ...yamlOptions, aliasDuplicateObjects: false })
    : document
}
