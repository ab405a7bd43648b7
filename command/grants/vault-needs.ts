import { collectionOf } from '../../keyvault/reference.ts'
import { type GrantedCollection, narrowestPolicy } from '../../lib/azure/narrowest-grants.ts'
import type { Grant } from './grant.ts'

/** An object that has to be readable. Several forms of it, such as `tls` and `pfx`, are one object here. */
export interface NeededObject {
  readonly collection: GrantedCollection
  readonly name: string
  /** Whether its versions are listed. */
  readonly hasHistory: boolean
  /** It stands for all secrets of the vault, which a find lists. No right on a single object is enough. */
  readonly isAll?: true
}

const allSecrets: NeededObject = { collection: 'secrets', name: '*', hasHistory: true, isAll: true }

/** What an identity reads from one vault. */
export interface VaultNeeds {
  readonly vault: string
  /** In the order of the table of grants, then by name. Never empty. */
  readonly objects: readonly NeededObject[]
}

/** Groups what is read by vault. Azure ignores the case of an object's name, so two spellings are one object. */
export function needsOf(grants: readonly Grant[]): readonly VaultNeeds[] {
  const values = grants.flatMap((grant) => grant.values)
  const byVault = Map.groupBy(values, ({ object }) => object.vault)
  const searched = new Set(grants.flatMap((grant) => grant.searched ?? []))
  return [...new Set([...byVault.keys(), ...searched])]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((vault) => {
      const objects = new Map<string, NeededObject>()
      for (const { object, versions } of byVault.get(vault) ?? []) {
        const collection = collectionOf(object)
        const key = objectPath({ collection, name: object.name }).toLowerCase()
        const known = objects.get(key)
        const hasHistory = versions !== undefined || known?.hasHistory === true
        objects.set(key, { collection, name: known?.name ?? object.name, hasHistory })
      }
      const all = [...(searched.has(vault) ? [allSecrets] : []), ...objects.values()]
      return { vault, objects: all.toSorted(compareObjects) }
    })
}

/** The objects that get a role each, if roles are assigned on single objects. The role that a find needs covers all secrets. */
export function objectsWithRoles({
  objects,
}: Pick<VaultNeeds, 'objects'>): readonly NeededObject[] {
  const isListed = objects.some(({ isAll }) => isAll)
  return isListed
    ? objects.filter(({ isAll, collection }) => isAll || collection !== 'secrets')
    : objects
}

/** The path of an object below its vault, in the scope of a role assignment and in a URL. */
export const objectPath = ({
  collection,
  name,
}: Pick<NeededObject, 'collection' | 'name'>): string => `${collection}/${name}`

const order: readonly GrantedCollection[] = ['secrets', 'certificates', 'keys']

const compareObjects = (a: NeededObject, b: NeededObject): number =>
  order.indexOf(a.collection) - order.indexOf(b.collection) || (a.name < b.name ? -1 : 1)

/** The options of `az keyvault set-policy`. */
const policyOptions: Readonly<Record<GrantedCollection, string>> = {
  secrets: '--secret-permissions',
  certificates: '--certificate-permissions',
  keys: '--key-permissions',
}

/** The permissions of an access policy for what is read from a vault. */
export const neededPolicies = ({ objects }: VaultNeeds) =>
  [...Map.groupBy(objects, ({ collection }) => collection)].map(([collection, some]) => ({
    collection,
    option: policyOptions[collection],
    permissions: narrowestPolicy(some.some(({ hasHistory }) => hasHistory)),
  }))
