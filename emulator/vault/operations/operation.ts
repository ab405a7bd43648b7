/** What an operation on a vault's objects is. */

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
  /** Empty for the operations on no particular object. */
  readonly name: string
  readonly version: string | undefined
  /** What a certificate's secret is to be converted to. */
  readonly outContentType: string | undefined
  /** As it came. */
  readonly body: string
  readonly page: PageRequest
  readonly now: Date
}

export interface Refused {
  readonly refusal: VaultRefusal
}

/** A body of undefined is "no content". */
export type Answer = { readonly body: unknown } | Refused

export interface Operation {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'POST'
  readonly path: string
  readonly kind: ObjectKind
  readonly action: VaultAction
  readonly run: (call: Call) => Answer | Promise<Answer>
}

/** The version that a call names (none: the newest), unless the object is deleted. */
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

/** A page of a list, sorted by key. Only what is on the page is turned into items. */
export async function paged<T>(
  all: readonly (readonly [string, T])[],
  request: PageRequest,
  itemOf: (one: T) => unknown,
): Promise<Answer> {
  const page = pageOf(new Map(all), request)
  if ('problem' in page) return { refusal: badParameter(page.problem) }
  return { body: { ...page, value: await Promise.all(page.value.map(itemOf)) } }
}
