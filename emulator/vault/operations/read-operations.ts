import { notFound, type ObjectKind } from '../../refusals/vault-refusal.ts'
import type {
  Live,
  StoredCollection,
  StoredObject,
  Vault,
  Version,
} from '../store/stored-object.ts'
import { type Call, findLive, paged, type VaultAnswer, type VaultOperation } from './operation.ts'

interface Readable<V extends Version> {
  readonly kind: ObjectKind
  /** Includes deleted objects. */
  readonly all: (vault: Vault) => StoredCollection<V>
  readonly find: (vault: Vault, name: string) => StoredObject<V> | undefined
  /** An item in a list of objects: the newest version, without its identifier. */
  readonly item: (vault: Vault, object: StoredObject<V>) => unknown
  /** An item in a list of versions. */
  readonly versionItem: (vault: Vault, live: Live<V>) => unknown
  readonly get: (call: Call, live: Live<V>) => VaultAnswer | Promise<VaultAnswer>
}

/** The operations that read objects of every kind: list, list versions, get. */
export function readOperations<V extends Version>(
  readable: Readable<V>,
): readonly VaultOperation[] {
  const { kind, all, find, item, versionItem, get } = readable
  const getOne = (call: Call) => {
    const found = findLive(kind, find(call.vault, call.name), call)
    return 'refusal' in found ? found : get(call, found)
  }
  const list = ({ vault, page }: Call) => {
    const live = [...all(vault)].filter(([, { deletedAt }]) => deletedAt === undefined)
    return paged(live, page, (object) => item(vault, object))
  }
  const listVersions = ({ vault, name, page }: Call) => {
    const object = find(vault, name)
    if (object === undefined || object.deletedAt !== undefined)
      return { refusal: notFound(kind, name) }
    const versions = object.versions.map((version) => [version.version, version] as const)
    return paged(versions, page, (version) => versionItem(vault, { object, version }))
  }
  const path = `/${kind}s`
  return [
    { method: 'GET', path, kind, action: 'list', run: list },
    { method: 'GET', path: `${path}/:name/versions`, kind, action: 'list', run: listVersions },
    { method: 'GET', path: `${path}/:name`, kind, action: 'get', run: getOne },
    { method: 'GET', path: `${path}/:name/:version`, kind, action: 'get', run: getOne },
  ]
}
