import { SecretClient } from '@azure/keyvault-secrets'
import { type ClientOptions, noCredential, type ObjectClient } from './object-client.ts'

/** The secrets of the vault at `base`. */
export function secretObjects(base: string, options: ClientOptions): ObjectClient {
  const client = new SecretClient(base, noCredential, options)
  return {
    async get({ name, version }, call) {
      const answer = await client.getSecret(name, { ...call, ...(version && { version }) })
      const { properties } = answer
      const value: unknown = answer.value
      // A lone surrogate has no UTF-8: writing it would silently write something else.
      if (typeof value !== 'string' || !value.isWellFormed()) throw new TypeError('no text')
      const { contentType, certificateKeyId } = properties
      const isCertificate = certificateKeyId !== undefined && certificateKeyId !== ''
      const type = typeof contentType === 'string' ? contentType : undefined
      return { properties, object: { kind: 'secret', value, contentType: type, isCertificate } }
    },
    versionPages: (name, call) => client.listPropertiesOfSecretVersions(name, call).byPage(),
  }
}
