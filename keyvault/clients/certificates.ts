import { CertificateClient } from '@azure/keyvault-certificates'
import { type ClientOptions, noCredential, type ObjectClient } from './object-client.ts'

/** Reads certificates of the vault at `base`. Key Vault answers with the leaf only. */
export function certificateObjects(base: string, options: ClientOptions): ObjectClient {
  const client = new CertificateClient(base, noCredential, options)
  return {
    async get({ name, version }, call) {
      const { cer, properties } =
        version === undefined
          ? await client.getCertificate(name, call)
          : await client.getCertificateVersion(name, version, call)
      if (!(cer instanceof Uint8Array)) throw new TypeError('no certificate')
      return { properties, object: { kind: 'certificate', der: cer } }
    },
    versionPages: (name, call) => client.listPropertiesOfCertificateVersions(name, call).byPage(),
  }
}
