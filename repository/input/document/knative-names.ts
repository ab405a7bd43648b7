import { isObject, type JsonObject, scalarText } from '../../../lib/shape.ts'

/**
 * Gives names to the containers of a Knative Service that have none, as Knative does before it creates pods
 * (knative.dev/serving/pkg/apis/serving/v1/revision_defaults.go). For any other kind, a container without a name is a mistake.
 *
 * @param owner - the object that has the template
 */
export function withKnativeNames(owner: JsonObject, template: JsonObject): JsonObject {
  const { spec } = template
  if (!scalarText(owner['apiVersion']).startsWith('serving.knative.dev/') || !isObject(spec))
    return template
  const { containers } = spec
  if (!Array.isArray(containers)) return template
  const nameAt = (i: number) => (containers.length === 1 ? defaultName : `${defaultName}-${i}`)
  const named = containers.map((container, i) =>
    isObject(container) && !container['name'] ? { ...container, name: nameAt(i) } : container,
  )
  return { ...template, spec: { ...spec, containers: named } }
}

const defaultName = 'user-container'
