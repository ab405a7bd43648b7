import { attributesOf, objectId, tagsOf } from '../bodies/object-json.ts'
import { findKey, keysOf } from '../store/managed.ts'
import type { KeyVersion } from '../store/stored-object.ts'
import { newest } from '../store/vault-store.ts'
import type { VaultOperation } from './operation.ts'
import { readOperations } from './read-operations.ts'

/** The operations on keys: they read the public half, as in the service even if the key is disabled. */
export const keyOperations: readonly VaultOperation[] = readOperations({
  kind: 'key',
  all: keysOf,
  find: findKey,
  item: (vault, key) => ({
    kid: objectId(vault, 'key', key.name),
    ...metadata(newest(key)),
  }),
  versionItem: (vault, { object, version }) => ({
    kid: `${objectId(vault, 'key', object.name)}/${version.version}`,
    ...metadata(version),
  }),
  get: async ({ vault }, { object, version }) => {
    const kid = `${objectId(vault, 'key', object.name)}/${version.version}`
    return { body: { key: { kid, ...(await version.jwk()) }, ...metadata(version) } }
  },
})

const metadata = (version: KeyVersion) => ({
  attributes: { ...attributesOf(version), exportable: false, hsmPlatform: '0' },
  ...tagsOf(version),
  ...(version.managed ? { managed: true } : {}),
})
