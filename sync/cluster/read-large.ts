import { isUnread, maxObject } from '../../kubernetes/large-objects.ts'
import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'

/** Whether it is a class of another provider. */
const isForOthers = (object: JsonObject): boolean => {
  const provider = valueAt(object, 'spec', 'provider')
  return typeof provider === 'string' && provider !== '' && provider !== 'azure'
}

const sentence = `is larger than the controller reads; accepted: ${maxObject.maxBytes / 1024} KiB, and ${maxObject.maxValues} values of JSON; make it smaller`

/**
 * Wraps a reader. An object of which only an outline has been read is refused, so nothing is known of what it requests and its
 * Secrets stay as they are.
 */
export const refuseUnread =
  <Seen extends SeenSource>(read: (object: unknown) => readonly Seen[]) =>
  (object: unknown): readonly Seen[] =>
    isObject(object) && isUnread(object)
      ? read(object).map((seen) => {
          const { content } = seen
          if (isForOthers(object)) return seen
          const claims = content.kind === 'nothing' ? [] : content.claims
          return { ...seen, content: { kind: 'refused', sentence, claims } }
        })
      : read(object)
