import { KeyClient } from '@azure/keyvault-keys'
import { type ClientOptions, noCredential, type ObjectClient } from './object-client.ts'

/** Reads keys of the vault at `base`. Key Vault answers with the public half only. */
export function keyObjects(base: string, options: ClientOptions): ObjectClient {
  const client = new KeyClient(base, noCredential, options)
  return {
    async get({ name, version }, call) {
      const { key, properties } = await client.getKey(name, {
        ...call,
        ...(version && { version }),
      })
      if (typeof key?.kty !== 'string') throw new TypeError('no key')
      const { kid, kty, keyOps, crv, n, e, x, y } = key
      const numbers = Object.entries({ n, e, x, y }).filter(
        ([, part]) => part instanceof Uint8Array,
      )
      const jwk = {
        ...(typeof kid === 'string' && { kid }),
        kty,
        ...(Array.isArray(keyOps) && { keyOps: keyOps.map(String) }),
        ...(typeof crv === 'string' && { crv }),
        ...Object.fromEntries(numbers),
      }
      const isCertificate = properties.managed === true
      return { properties, object: { kind: 'key', jwk, isCertificate } }
    },
    versionPages: (name, call) => client.listPropertiesOfKeyVersions(name, call).byPage(),
  }
}
