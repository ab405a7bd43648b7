import { SecretClient } from '@azure/keyvault-secrets'
import { type ClientOptions, noCredential, type ObjectClient } from './object-client.ts'

/** Reads secrets of the vault at `base`. */
export function secretObjects(base: string, options: ClientOptions): ObjectClient {
  const client = new SecretClient(base, noCredential, options)
  return {
    async get({ name, version }, call) {
      const answer = await client.getSecret(name, { ...call, ...(version && { version }) })
      const { properties } = answer
      const value: unknown = answer.value
      // A lone surrogate can't be encoded in UTF-8: Node would silently write another character.
      if (typeof value !== 'string' || !value.isWellFormed()) throw new TypeError('no text')
      const { contentType, certificateKeyId } = properties
      const isCertificate = certificateKeyId !== undefined && certificateKeyId !== ''
      const type = typeof contentType === 'string' ? contentType : undefined
      return { properties, object: { kind: 'secret', value, contentType: type, isCertificate } }
    },
    versionPages: (name, call) => client.listPropertiesOfSecretVersions(name, call).byPage(),
    // The service answers with at most 25 at a time.
    secretPages: (call) => client.listPropertiesOfSecrets(call).byPage(),
  }
}
