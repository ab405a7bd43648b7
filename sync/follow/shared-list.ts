import { setImmediate } from 'node:timers/promises'
import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import type { Followed, Member } from './member.ts'

/** After so many namespaces, the event loop turns. */
const sliceLength = 20

export type SharedList<T extends Followed> = ReturnType<typeof createSharedList<T>>

/**
 * One list of the whole cluster, for the members that there are when it begins.
 *
 * @param options - `onFailed`: called for a member that can't take its objects. It doesn't get this list.
 */
export function createSharedList<T extends Followed>(
  members: Iterable<Member<T>>,
  { onFailed }: { readonly onFailed: (member: Member<T>) => void },
) {
  const taking = new Map([...members].map((member) => [member.namespace, member]))
  const listsBefore = new Map([...taking].map(([namespace, member]) => [namespace, member.lists()]))
  /** Whether a later list of this member alone has been faster. */
  const isOvertaken = (member: Member<T>, list: ObjectList<T>) =>
    member.lists() !== listsBefore.get(member.namespace) && member.isOutdated(list)
  const reducers = new Map<string, (object: T) => T>()
  function fail(member: Member<T>): void {
    taking.delete(member.namespace)
    onFailed(member)
  }
  return {
    takes: (namespace: string): boolean => taking.get(namespace)?.signal.aborted === false,
    /** Reduces an object before the next page is read. */
    reduce(object: T): T {
      const { namespace } = object
      const member = taking.get(namespace)
      if (member === undefined) return object
      try {
        const reduce = reducers.get(namespace) ?? member.sink.reducer?.() ?? same
        reducers.set(namespace, reduce)
        return reduce(object)
      } catch {
        fail(member)
        return object
      }
    },
    /** Gives each member its objects. `isFed`: whether a member still takes part */
    async deliver(list: ObjectList<T>, isFed: (member: Member<T>) => boolean): Promise<void> {
      const byNamespace = Map.groupBy(list.objects, ({ namespace }) => namespace)
      let count = 0
      for (const member of taking.values()) {
        if (!isFed(member) || isOvertaken(member, list)) continue
        try {
          const objects = byNamespace.get(member.namespace) ?? []
          await member.replace({ ...list, objects })
        } catch {
          fail(member)
        }
        count += 1
        if (count % sliceLength === 0) await setImmediate()
      }
    },
    /** The members that take this list. */
    members: (): readonly Member<T>[] => [...taking.values()],
  }
}

const same = <T>(object: T): T => object
