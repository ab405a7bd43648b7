/** The kinds of objects that request Secrets, besides the ServiceAccount itself with its annotation. */
export const sourceKinds = ['SecretProviderClass', 'ExternalSecret'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** An object that requests Secrets, in the namespace of its account. */
export interface SourceRef {
  readonly kind: SourceKind
  readonly name: string
}

/** Identifies a source within its namespace: `SecretProviderClass/kv`. No Secret can have this name. */
export const sourceKey = ({ kind, name }: SourceRef): string => `${kind}/${name}`

/** How messages refer to a source whose name they have told. */
export const sourceNouns: Readonly<Record<SourceKind, string>> = {
  SecretProviderClass: 'the class',
  ExternalSecret: 'the ExternalSecret',
}

/** How messages name a source: `SecretProviderClass kv`. */
export const sourceTitle = ({ kind, name }: SourceRef): string => `${kind} ${name}`
