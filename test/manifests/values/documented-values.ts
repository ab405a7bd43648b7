import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, type Node, parseDocument, type YAMLMap } from 'yaml'

const read = (path: string) =>
  readFileSync(join(import.meta.dirname, '../../../manifests/chart', path), 'utf8')
const valuesDocument = parseDocument(read('values.yaml'))

export const defaultValues: unknown = valuesDocument.toJS()
export const valuesSchema = JSON.parse(read('values.schema.json'))

export interface DocumentedValue {
  /** `webhook.replicas` */
  readonly path: string
  /** The comment above the value in values.yaml, which begins with ` -- `. */
  readonly comment: string
  readonly default: unknown
}

/** Lists the values of values.yaml in its order. A map without fixed keys counts as one value. */
function listValues(
  map: YAMLMap,
  properties: typeof valuesSchema,
  path: readonly string[] = [],
): DocumentedValue[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) return []
    const known = properties[String(key.value)]
    const at = [...path, String(key.value)]
    const ofMap = index === 0 ? map.commentBefore : undefined
    const comment = key.commentBefore ?? ofMap ?? ''
    return isMap(value) && known?.properties && !comment.includes(' -- ')
      ? listValues(value, known.properties, at)
      : [{ path: at.join('.'), comment, default: (value as Node | null)?.toJS(valuesDocument) }]
  })
}

export const documentedValues: readonly DocumentedValue[] = listValues(
  valuesDocument.contents as YAMLMap,
  valuesSchema.properties,
)
