import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { fieldManager } from '../../../requests/secret/names.ts'
import type { SecretManifest } from '../../../sync/plan/secret-manifest.ts'
import type { SecretStep } from '../../../sync/plan/secret-step.ts'
import { readStoredSecret, type StoredSecret } from '../../../sync/plan/stored-secret.ts'
import { applyFields, recordUpdate, toFieldsV1 } from '../../support/api-server/managed-fields.ts'
import { patchObject } from '../../support/api-server/patch-object.ts'

type Texts = Record<string, string>

/** The JSON of a Secret, which tests may change. */
export interface SecretJson {
  apiVersion: 'v1'
  kind: 'Secret'
  metadata: {
    name: string
    uid: string
    resourceVersion: string
    labels: Texts
    annotations: Texts
    ownerReferences: { apiVersion: string; kind: string; name: string; uid: string }[]
    managedFields: { manager: string; operation: 'Apply' | 'Update'; fieldsV1: object }[]
    deletionTimestamp?: string
  }
  type: string
  immutable?: boolean
  data: Texts
  [field: string]: unknown
}

/** The `fieldsV1` of an entry in managedFields that owns the type and these fields. */
export const fieldsV1 = (
  fields: Readonly<Record<'data' | 'labels' | 'annotations', readonly string[]>>,
): object =>
  toFieldsV1([
    ...fields.data.map((name) => `f:data\nf:${name}`),
    ...fields.labels.map((name) => `f:metadata\nf:labels\nf:${name}`),
    ...fields.annotations.map((name) => `f:metadata\nf:annotations\nf:${name}`),
    'f:type',
  ])

export const stored = (secret: SecretJson): StoredSecret => {
  const read = readStoredSecret(structuredClone(secret))
  if (read.kind === 'invalid') throw new Error(read.problem)
  return read.value
}

export function createdSecret(manifest: SecretManifest): SecretJson {
  const { metadata, ...content } = structuredClone(manifest)
  const after = { ...content, metadata: { ...metadata, uid: randomUUID(), resourceVersion: '1' } }
  return recordUpdate(undefined, {
    after: after as object as SecretJson,
    manager: fieldManager,
  })
}

/**
 * Carries out a step as the API server does.
 *
 * @returns the Secret afterwards, undefined if there is none, or the fields that other managers own
 */
export function carryOut(
  step: SecretStep,
  secret: SecretJson | undefined,
): SecretJson | undefined | { readonly conflicts: readonly string[] } {
  switch (step.kind) {
    case 'create':
      if (secret !== undefined) throw new Error('the Secret exists already')
      return createdSecret(step.secret)
    case 'claim': {
      if (secret === undefined) throw new Error('nothing to claim')
      const patch = { contentType: 'application/json-patch+json', body: step.patch }
      const result = patchObject(secret, patch)
      if ('refusal' in result) throw new Error('the claim is refused')
      return withNextVersion(result.object as SecretJson)
    }
    case 'apply':
      if (secret === undefined || step.secret.metadata.uid !== secret.metadata.uid)
        throw new Error('the applied Secret does not exist')
      return applied(step.secret, { secret, force: step.force })
    case 'delete':
      if (step.uid !== secret?.metadata.uid) throw new Error('deletes another Secret')
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
  const result = applyFields(secret, {
    applied: manifest as object,
    manager: fieldManager,
    force,
  })
  if ('conflicts' in result) return { conflicts: result.conflicts.map(({ field }) => field) }
  if (secret.immutable && !isDeepStrictEqual(result.object.data, secret.data))
    throw new Error('the Secret is immutable')
  return withNextVersion(result.object)
}

function withNextVersion(secret: SecretJson): SecretJson {
  const resourceVersion = String(Number(secret.metadata.resourceVersion) + 1)
  return { ...secret, metadata: { ...secret.metadata, resourceVersion } }
}
