import type { SecretVersion, StoredObject, Vault } from '../store/stored-object.ts'
import { newest } from '../store/vault-store.ts'
import { attributesOf, deletion, objectId, tagsOf } from './object-json.ts'

type Secret = StoredObject<SecretVersion>

const metadata = (id: string, version: SecretVersion) => ({
  ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
  id,
  ...(version.content.kind === 'certificate' ? { managed: true } : {}),
  attributes: attributesOf(version),
  ...tagsOf(version),
})

/** The response to an update, and an item in a list of versions: has the version in its identifier, but no value. */
export const secretVersionItem = (vault: Vault, { name }: Secret, version: SecretVersion) =>
  metadata(`${objectId(vault, 'secret', name)}/${version.version}`, version)

export async function secretBundle(vault: Vault, secret: Secret, version: SecretVersion) {
  const { content } = version
  return content.kind === 'text'
    ? { value: content.value, ...secretVersionItem(vault, secret, version) }
    : {
        value: await content.certificate.secretValue(),
        ...secretVersionItem(vault, secret, version),
        kid: `${objectId(vault, 'key', secret.name)}/${version.version}`,
      }
}

/** An item in a list of secrets: the newest version's metadata, with an identifier without a version. */
export const secretItem = (vault: Vault, secret: Secret) =>
  metadata(objectId(vault, 'secret', secret.name), newest(secret))

export const deletedItem = (vault: Vault, secret: Secret, deletedAt: Date) => ({
  ...secretItem(vault, secret),
  ...deletion(vault, secret.name, deletedAt),
})

export const deletedBundle = (vault: Vault, secret: Secret, deletedAt: Date) => ({
  ...secretVersionItem(vault, secret, newest(secret)),
  ...deletion(vault, secret.name, deletedAt),
})
