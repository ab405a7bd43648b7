/** The type of an operation on a vault's objects, and the steps that operations share. */

import {
  badParameter,
  notFound,
  type ObjectKind,
  type VaultAction,
  type VaultRefusal,
} from '../../refusals/vault-refusal.ts'
import type { Live, StoredObject, Vault, Version } from '../store/stored-object.ts'
import { findVersion } from '../store/vault-store.ts'
import { type PageRequest, pageOf } from './paging.ts'

export interface Call {
  readonly vault: Vault
  /** Empty for operations on a collection. */
  readonly name: string
  readonly version: string | undefined
  /** The content type to convert a certificate's secret to. */
  readonly outContentType: string | undefined
  /** The raw text. */
  readonly body: string
  readonly page: PageRequest
  readonly now: Date
}

export interface Refused {
  readonly refusal: VaultRefusal
}

/** An undefined body means "204 No Content". */
export type VaultAnswer = { readonly body: unknown } | Refused

export interface VaultOperation {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'POST'
  readonly path: string
  readonly kind: ObjectKind
  readonly action: VaultAction
  readonly run: (call: Call) => VaultAnswer | Promise<VaultAnswer>
}

/** Finds the version that a call names, or the newest. A deleted object counts as not found. */
export function findLive<V extends Version>(
  kind: ObjectKind,
  object: StoredObject<V> | undefined,
  { name, version: wanted }: Pick<Call, 'name'> & Partial<Pick<Call, 'version'>>,
): Live<V> | Refused {
  const version =
    object === undefined || object.deletedAt !== undefined ? undefined : findVersion(object, wanted)
  return object === undefined || version === undefined
    ? { refusal: notFound(kind, wanted === undefined ? name : `${name}/${wanted}`) }
    : { object, version }
}

/** A page of a list, sorted by key. Makes items only for the entries on the page. */
export async function paged<T>(
  all: readonly (readonly [string, T])[],
  request: PageRequest,
  itemOf: (item: T) => unknown,
): Promise<VaultAnswer> {
  const page = pageOf(new Map(all), request)
  if (page.kind === 'invalid') return { refusal: badParameter(page.problem) }
  const { value: items, nextLink } = page.value
  return { body: { value: await Promise.all(items.map(itemOf)), nextLink } }
}
