/** The keys of our annotations that have a meaning of their own, without the prefix. */

/** The annotations that name objects; `FILE` stands for the name of a file. */
export const objectKeys = ['secrets', 'objects', 'template.FILE', 'env'] as const
export const templatePrefix = 'template.'

export const isObjectKey = (key: string): boolean =>
  key.startsWith(templatePrefix) || (objectKeys as readonly string[]).includes(key)

/** The annotation of a ServiceAccount that requests Secrets (docs/specification.md, "Secret sync"). */
export const syncKey = 'sync'
/** On the same ServiceAccount, written by the controller: the state of each Secret. */
export const syncStatusKey = 'sync-status'
/** On a Secret, written by the controller: the versions that the Secret holds. */
export const syncedKey = 'synced'
