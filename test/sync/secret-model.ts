import { randomUUID } from 'node:crypto'
import jsonpatch from 'fast-json-patch'
import type { SecretManifest } from '../../sync/plan/secret-manifest.ts'
import type { SecretStep } from '../../sync/plan/secret-step.ts'
import { readStoredSecret, type StoredSecret } from '../../sync/plan/stored-secret.ts'

/** The members that have managers: `data`, and of the metadata `labels`, `annotations`. */
type Member = 'data' | 'labels' | 'annotations'
const members: readonly Member[] = ['data', 'labels', 'annotations']
type Texts = Record<string, string>

export interface ManagedEntry {
  manager: string
  operation: 'Apply' | 'Update'
  fieldsV1: Record<string, unknown>
}

/** A Secret in JSON, as far as it matters here. */
export interface SecretJson {
  metadata: {
    name: string
    uid: string
    resourceVersion: string
    labels: Texts
    annotations: Texts
    ownerReferences: { apiVersion: string; kind: string; name: string; uid: string }[]
    managedFields: ManagedEntry[]
    deletionTimestamp?: string
  }
  type: string
  immutable?: boolean
  data: Texts
}

const ownManager = 'akv-injector-sync'

/** Some fields as an entry of managedFields has them. */
export function fieldsV1(fields: Readonly<Record<Member, readonly string[]>>) {
  const tree = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`f:${name}`, {}]))
  return {
    'f:data': tree(fields.data),
    'f:metadata': {
      'f:labels': tree(fields.labels),
      'f:annotations': tree(fields.annotations),
    },
    'f:type': {},
  }
}

const fieldsOf = (from: { metadata: object; data: object }) =>
  fieldsV1({
    data: Object.keys(from.data),
    labels: Object.keys((from.metadata as SecretManifest['metadata']).labels),
    annotations: Object.keys((from.metadata as SecretManifest['metadata']).annotations),
  })

export const stored = (secret: SecretJson): StoredSecret => {
  const read = readStoredSecret(structuredClone(secret))
  if ('problem' in read) throw new Error(read.problem)
  return read.value
}

export function createdSecret(manifest: SecretManifest): SecretJson {
  const { metadata, type, data } = structuredClone(manifest)
  return {
    metadata: {
      name: metadata.name,
      uid: randomUUID(),
      resourceVersion: '1',
      labels: { ...metadata.labels },
      annotations: { ...metadata.annotations },
      ownerReferences: [...metadata.ownerReferences],
      managedFields: [
        { manager: ownManager, operation: 'Update', fieldsV1: fieldsOf({ metadata, data }) },
      ],
    },
    type,
    data: { ...data },
  }
}

/**
 * Carries a step out, as the API server does with managers of fields (checked against a real one in the cluster tests).
 *
 * @returns the Secret after it, undefined when there is none, or the fields that another manager holds
 */
export function carryOut(
  step: SecretStep,
  secret: SecretJson | undefined,
): SecretJson | undefined | { readonly conflicts: readonly string[] } {
  switch (step.kind) {
    case 'create':
      if (secret !== undefined) throw new Error('there is one already')
      return createdSecret(step.secret)
    case 'claim': {
      const copy = structuredClone(secret)
      jsonpatch.applyPatch(copy, structuredClone([...step.patch]), true)
      return copy && bumped(copy)
    }
    case 'apply':
      if (secret === undefined || step.secret.metadata.uid !== secret.metadata.uid)
        throw new Error('applied to something that is not there')
      return applied(step.secret, { secret, force: step.force })
    case 'delete':
      if (step.uid !== secret?.metadata.uid) throw new Error('deletes what it has not seen')
      return undefined
    default:
      return secret
  }
}

function applied(
  manifest: SecretManifest,
  { secret, force }: { readonly secret: SecretJson; readonly force: boolean },
): SecretJson | { readonly conflicts: readonly string[] } {
  if (manifest.type !== secret.type) throw new Error('a type cannot change')
  const next = structuredClone(secret)
  const others = next.metadata.managedFields.filter((entry) => !isOwn(entry))
  const own = next.metadata.managedFields.find(isOwn)
  const conflicts: string[] = []
  for (const member of members) {
    const wanted = textsOf(manifest, member)
    const there = textsOf(next, member)
    for (const [name, value] of Object.entries(wanted)) {
      const holders = others.filter((entry) => treeOf(entry, member)[`f:${name}`] !== undefined)
      if (there[name] !== value && holders.length > 0 && !force) conflicts.push(name)
      if (there[name] !== value)
        for (const holder of holders) delete treeOf(holder, member)[`f:${name}`]
      there[name] = value
    }
    for (const field of own === undefined ? [] : Object.keys(treeOf(own, member))) {
      const name = field.slice(2)
      const isHeld = others.some((entry) => treeOf(entry, member)[field] !== undefined)
      if (!Object.hasOwn(wanted, name) && !isHeld) delete there[name]
    }
  }
  if (conflicts.length > 0) return { conflicts }
  if (secret.immutable && JSON.stringify(sorted(next.data)) !== JSON.stringify(sorted(secret.data)))
    throw new Error('it is immutable')
  next.metadata.managedFields = [
    ...others,
    { manager: ownManager, operation: 'Apply', fieldsV1: fieldsOf(manifest) },
  ]
  const uids = new Set(next.metadata.ownerReferences.map(({ uid }) => uid))
  next.metadata.ownerReferences.push(
    ...manifest.metadata.ownerReferences.filter(({ uid }) => !uids.has(uid)),
  )
  return bumped(next)
}

const isOwn = ({ manager, operation }: ManagedEntry) =>
  manager === ownManager && operation === 'Apply'

const textsOf = (from: SecretManifest | SecretJson, member: Member): Texts =>
  (member === 'data' ? from.data : from.metadata[member]) as Texts

function treeOf({ fieldsV1 }: ManagedEntry, member: Member): Record<string, unknown> {
  const metadata = fieldsV1['f:metadata'] as Record<string, unknown>
  const tree = member === 'data' ? fieldsV1['f:data'] : metadata[`f:${member}`]
  return (tree ?? {}) as Record<string, unknown>
}

const sorted = (texts: Texts) => Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))

function bumped(secret: SecretJson): SecretJson {
  secret.metadata.resourceVersion = String(Number(secret.metadata.resourceVersion) + 1)
  return secret
}
