import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'

/** The labels of an object. */
export const labelsOf = (object: unknown): JsonObject => objectAt(object, 'metadata', 'labels')

/**
 * Whether a label selector selects these labels. An empty or absent selector selects everything.
 *
 * @param selector - a `LabelSelector` that the API server has validated
 */
export function selectsLabels(selector: unknown, labels: JsonObject): boolean {
  const wanted = Object.entries(objectAt(selector, 'matchLabels'))
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    objectsAt(selector, 'matchExpressions').every((expression) => holds(expression, labels))
  )
}

function holds({ key, operator, values }: JsonObject, labels: JsonObject): boolean {
  const label = typeof key === 'string' ? labels[key] : undefined
  const isListed = Array.isArray(values) && values.includes(label)
  switch (operator) {
    case 'In':
      return isListed
    // As in Kubernetes, an object without the label isn't among them.
    case 'NotIn':
      return !isListed
    case 'Exists':
      return label !== undefined
    case 'DoesNotExist':
      return label === undefined
    default:
      return false
  }
}

/** Whether an entry of a webhook configuration selects the pods of a namespace. */
export const selectsNamespace = (entry: JsonObject, namespace: JsonObject): boolean =>
  selectsLabels(valueAt(entry, 'namespaceSelector'), {
    ...labelsOf(namespace),
    // The API server sets it on each namespace.
    'kubernetes.io/metadata.name': valueAt(namespace, 'metadata', 'name'),
  })
