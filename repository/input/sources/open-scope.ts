import { valueAt } from '../../../lib/shape.ts'
import { hasPlaceholder, mayEqual } from '../placeholders/open-names.ts'

/**
 * Finds out whether a ClusterSecretStore may mean something else for a namespace once its placeholders have values.
 *
 * @param store - the object
 * @returns a clause about the store; undefined if no value changes anything
 */
export function openScope(store: unknown, namespace: string): string | undefined {
  const spec = valueAt(store, 'spec')
  const ofAccount = valueAt(spec, 'provider', 'azurekv', 'serviceAccountRef', 'namespace')
  const conditions = valueAt(spec, 'conditions')
  const listed = (Array.isArray(conditions) ? conditions : []).flatMap((condition: unknown) => {
    const namespaces = valueAt(condition, 'namespaces')
    return Array.isArray(namespaces) ? namespaces : []
  })
  const isOpen = (name: unknown): name is string =>
    typeof name === 'string' &&
    name !== namespace &&
    (hasPlaceholder(name) || hasPlaceholder(namespace)) &&
    mayEqual(name, namespace)
  const open = isOpen(ofAccount)
    ? ofAccount
    : listed.includes(namespace)
      ? undefined
      : listed.find(isOpen)
  return open && `names the namespace ${open}, which may be ${namespace}`
}
