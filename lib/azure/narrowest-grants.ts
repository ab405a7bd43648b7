/**
 * What an identity needs to read the objects of a vault, and nothing beyond it. `identity`, the error table, and the tests of
 * the pages and of manifests/azure all read this table.
 */

export interface Role {
  readonly name: string
  /** The same in all tenants. */
  readonly id: string
  /** What the role allows in the vault itself. `*` matches any text. */
  readonly dataActions: readonly string[]
}

interface NarrowestGrant {
  /** What the object lists of annotations call these objects. */
  readonly entries: readonly string[]
  /** What a read returns. */
  readonly reads: string
  /** The data action that a read needs. */
  readonly getAction: string
  /** The data action that a list of versions needs. */
  readonly listAction: string
  /** The built-in role with both actions that allows the least otherwise. */
  readonly role: Role
}

const keyVault = 'Microsoft.KeyVault/vaults/'

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security */
const secretsUser: Role = {
  name: 'Key Vault Secrets User',
  id: '4633458b-17de-408a-b874-0445c86b69e6',
  dataActions: [`${keyVault}secrets/getSecret/action`, `${keyVault}secrets/readMetadata/action`],
}

/**
 * Reads public keys and certificates, but no value of a secret. The other roles that read a key can decrypt or unwrap with it,
 * except for Key Vault Certificate User, which reads all values of secrets, too.
 */
const reader: Role = {
  name: 'Key Vault Reader',
  id: '21090545-7ca7-4776-b22c-e363652d74d2',
  dataActions: [`${keyVault}*/read`, `${keyVault}secrets/readMetadata/action`],
}

/** By the collection of the vault that an object is read from: `collectionOf` in keyvault/reference.ts. */
export const narrowestGrants = {
  secrets: {
    entries: ['NAME', 'tls/NAME', 'pfx/NAME'],
    reads: 'the value; for a certificate, this includes its private key',
    getAction: `${keyVault}secrets/getSecret/action`,
    listAction: `${keyVault}secrets/readMetadata/action`,
    role: secretsUser,
  },
  certificates: {
    entries: ['cert/NAME'],
    reads: 'the certificate without its private key',
    getAction: `${keyVault}certificates/read`,
    listAction: `${keyVault}certificates/read`,
    role: reader,
  },
  keys: {
    entries: ['key/NAME'],
    reads: 'the public key',
    getAction: `${keyVault}keys/read`,
    listAction: `${keyVault}keys/read`,
    role: reader,
  },
} as const satisfies Readonly<Record<string, NarrowestGrant>>

export type GrantedCollection = keyof typeof narrowestGrants

const grantedCollections = Object.keys(narrowestGrants) as readonly GrantedCollection[]

/** The permissions of an access policy for one kind of object. A history lists the versions of the object first. */
export const narrowestPolicy = (hasHistory: boolean): readonly string[] =>
  hasHistory ? ['get', 'list'] : ['get']

/** The roles for some kinds of objects, each once. */
export const rolesFor = (collections: Iterable<GrantedCollection>): readonly Role[] => [
  ...new Set([...collections].map((collection) => narrowestGrants[collection].role)),
]

/** Says which role is for which entries: `Key Vault Secrets User (NAME, tls/NAME, pfx/NAME) or …`. */
export const describeRoles = (): string =>
  rolesFor(grantedCollections)
    .map((role) => {
      const entries = Object.values(narrowestGrants).filter((grant) => grant.role === role)
      return `${role.name} (for ${entries.flatMap((grant) => grant.entries).join(', ')})`
    })
    .join(' or ')
