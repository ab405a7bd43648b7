import { isName, subdomainName } from '../../lib/name-rules.ts'
import { isObject, valueAt } from '../../lib/shape.ts'
import { maxEntries } from '../account/secret-keys.ts'
import type { StoreRef } from './read-data-items.ts'
import { type StoreKind, storeKinds } from './read-store.ts'

/**
 * The stores that an ExternalSecret names by a valid name, each once, whatever else is wrong with it.
 *
 * @param spec - any JSON
 */
export function storeRefsIn(spec: unknown): readonly StoreRef[] {
  if (!isObject(spec)) return []
  const items = [spec['data'], spec['dataFrom']].flatMap((list) =>
    Array.isArray(list) ? list.slice(0, maxEntries) : [],
  )
  const written = [
    spec['secretStoreRef'],
    ...items.map((item) => valueAt(item, 'sourceRef', 'storeRef')),
  ]
  const refs = new Map<string, StoreRef>()
  for (const ref of written) {
    const name = valueAt(ref, 'name')
    const kind = valueAt(ref, 'kind') ?? 'SecretStore'
    const isStore = typeof name === 'string' && isName(name, subdomainName)
    if (isStore && storeKinds.includes(kind as StoreKind))
      refs.set(`${kind} ${name}`, { kind: kind as StoreKind, name })
  }
  return [...refs.values()]
}
