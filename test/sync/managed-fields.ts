/** Who owns which fields of a Secret, as the API server keeps it (server-side apply), for the fields that there are. */

export interface Secret {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: SecretMetadata
  readonly type: string
  readonly immutable?: boolean
  readonly data?: Readonly<Record<string, string>>
}

export interface SecretMetadata {
  readonly name: string
  readonly namespace: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly Readonly<Record<'uid' | 'name', string>>[]
  readonly finalizers?: readonly string[]
  readonly deletionTimestamp?: string
  readonly managedFields?: readonly ManagedFields[]
}

export interface ManagedFields {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly fieldsV1: object
}

/** A field that is owned: where it is, and what it holds. */
type Fields = ReadonlyMap<string, string>

/** `f:data/f:password` and so on. */
export function fieldsOf(secret: Partial<Secret>): Fields {
  const { metadata, data, type } = secret
  const below = (prefix: string, record: Readonly<Record<string, unknown>> = {}) =>
    Object.entries(record).map(([key, value]) => [`${prefix}\nf:${key}`, String(value)] as const)
  return new Map([
    ...below('f:data', data),
    ...below('f:metadata\nf:labels', metadata?.labels),
    ...below('f:metadata\nf:annotations', metadata?.annotations),
    ...(metadata?.ownerReferences ?? []).map(
      (owner) =>
        [`f:metadata\nf:ownerReferences\nk:{"uid":"${owner.uid}"}`, JSON.stringify(owner)] as const,
    ),
    ...(type === undefined ? [] : [['f:type', type] as const]),
  ])
}

export function toFieldsV1(names: Iterable<string>): object {
  const tree: Record<string, unknown> = {}
  for (const name of names) {
    let place = tree
    for (const part of name.split('\n')) {
      place[part] ??= {}
      place = place[part] as Record<string, unknown>
    }
  }
  return tree
}

export function fromFieldsV1(tree: object, prefix = ''): readonly string[] {
  const entries = Object.entries(tree).filter(([key]) => key !== '.')
  if (entries.length === 0) return prefix === '' ? [] : [prefix]
  return entries.flatMap(([key, below]) =>
    fromFieldsV1(below as object, prefix === '' ? key : `${prefix}\n${key}`),
  )
}

/** The Secret with these fields and no others; what isn't a field of these stays. */
export function withFields(secret: Secret, fields: Fields): Secret {
  const below = (prefix: string) =>
    Object.fromEntries(
      [...fields]
        .filter(([name]) => name.startsWith(`${prefix}\nf:`))
        .map(([name, value]) => [name.slice(prefix.length + 3), value]),
    )
  const owners = [...fields]
    .filter(([name]) => name.startsWith('f:metadata\nf:ownerReferences'))
    .map(([, value]) => JSON.parse(value))
  return {
    ...secret,
    metadata: {
      ...secret.metadata,
      labels: below('f:metadata\nf:labels'),
      annotations: below('f:metadata\nf:annotations'),
      ownerReferences: owners,
    },
    data: below('f:data'),
  }
}

export interface Conflict {
  readonly manager: string
  readonly field: string
}

/** Server-side apply: the Secret then, or who owns what is to be changed. */
export function applyTo(
  secret: Secret,
  applied: Partial<Secret>,
  options: { readonly manager: string; readonly force: boolean },
): { readonly secret: Secret } | { readonly conflicts: readonly Conflict[] } {
  const { manager, force } = options
  const now = fieldsOf(secret)
  const wanted = fieldsOf(applied)
  const entries = secret.metadata.managedFields ?? []
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Apply'
  const owned = (entry: ManagedFields) => fromFieldsV1(entry.fieldsV1)
  const differs = (name: string) => wanted.has(name) && now.get(name) !== wanted.get(name)
  const others = entries.filter((entry) => !isOwn(entry))
  const conflicts = others.flatMap((entry) =>
    owned(entry)
      .filter(differs)
      .map((name) => ({ manager: entry.manager, field: describeField(name) })),
  )
  if (conflicts.length > 0 && !force) return { conflicts }
  const kept = others
    .map((entry) => ({ ...entry, names: owned(entry).filter((name) => !differs(name)) }))
    .filter(({ names }) => names.length > 0)
    .map(({ names, ...entry }) => ({ ...entry, fieldsV1: toFieldsV1(names) }))
  const ofOthers = new Set(kept.flatMap(owned))
  const dropped = entries
    .filter(isOwn)
    .flatMap(owned)
    .filter((name) => !wanted.has(name) && !ofOthers.has(name))
  const fields = new Map([...now, ...wanted])
  for (const name of dropped) fields.delete(name)
  const own: ManagedFields = {
    manager,
    operation: 'Apply',
    fieldsV1: toFieldsV1([...wanted.keys()].sort()),
  }
  const changed = withFields(secret, fields)
  return {
    secret: { ...changed, metadata: { ...changed.metadata, managedFields: [own, ...kept] } },
  }
}

/** An ordinary write: what it changes belongs to its manager from then on, and to nobody else. */
export function updateTo(before: Secret | undefined, after: Secret, manager: string): Secret {
  const [old, now] = [before ? fieldsOf(before) : new Map(), fieldsOf(after)]
  const names = new Set([...old.keys(), ...now.keys()])
  const changed = new Set([...names].filter((name) => old.get(name) !== now.get(name)))
  const entries = before?.metadata.managedFields ?? []
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Update'
  const own = entries.filter(isOwn).flatMap(({ fieldsV1 }) => fromFieldsV1(fieldsV1))
  const others = entries
    .filter((entry) => !isOwn(entry))
    .map((entry) => ({
      ...entry,
      fieldsV1: toFieldsV1(fromFieldsV1(entry.fieldsV1).filter((name) => !changed.has(name))),
    }))
  const mine = [...new Set([...own, ...changed])].filter((name) => now.has(name))
  const entry: ManagedFields = { manager, operation: 'Update', fieldsV1: toFieldsV1(mine) }
  return { ...after, metadata: { ...after.metadata, managedFields: [...others, entry] } }
}

/** `.data.password`, as the API server names it. */
const describeField = (name: string): string =>
  `.${name.replaceAll('f:', '').replaceAll('\n', '.')}`
