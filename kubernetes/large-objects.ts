import type { JsonBounds } from './bounded-json.ts'

/**
 * Bounds for one object. Strangers may write an object of 3 MiB, which takes a tenth of a second to parse. Ours are small, even
 * with their `last-applied-configuration` and `managedFields`.
 */
export const maxObject: JsonBounds = { maxBytes: 640 * 1024, maxValues: 32 * 1024 }

/**
 * Bounds for an answer with more than one object. As values of JavaScript, they take more than twenty times as much memory, so a
 * page of 50 could end the process.
 */
export const maxPage: JsonBounds = { maxBytes: 2 * 1024 * 1024, maxValues: 32 * 1024 }

/**
 * Bounds for any other answer. Secrets may take a MiB. What the API server says of our rights can be larger, because strangers
 * write Roles.
 */
export const maxAnswer: JsonBounds = { maxBytes: 8 * 1024 * 1024, maxValues: 128 * 1024 }

/** An object beyond the bounds. Only a few of its strings have been read. */
export interface UnreadObject {
  readonly isUnread: true
}

export const isUnread = (object: object): boolean =>
  'isUnread' in object && object.isUnread === true

/** Marks the items of an outlined list. */
export function markUnread(list: object): object {
  const items = 'items' in list && Array.isArray(list.items) ? list.items : []
  return { ...list, items: items.map((item) => ({ ...item, isUnread: true })) }
}
