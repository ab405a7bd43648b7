import type { FairShares } from '../memory/fair-shares.ts'
import type { Rights } from './read-rights.ts'

/** An entry of a set, with its string. */
const nameBytes = 80
const key = 'enabled accounts'

/** Holds memory for the names of the enabled accounts. Returns the rights with those that there is room for. */
export function heldNames(
  memory: FairShares,
  { namespace, rights }: { readonly namespace: string; readonly rights: Rights },
): Rights {
  const room = memory.roomFor(namespace, key)
  let bytes = 0
  const held = (names: ReadonlySet<string>): ReadonlySet<string> => {
    const kept = new Set<string>()
    for (const name of names) {
      bytes += nameBytes + name.length
      if (bytes > room) break
      kept.add(name)
    }
    return kept
  }
  const accounts = held(rights.accounts)
  const rollouts = held(rights.rollouts)
  memory.hold(namespace, key, Math.min(bytes, room))
  const isTooMany = rights.isTooMany || accounts.size < rights.accounts.size
  return { ...rights, accounts, rollouts, isTooMany }
}

export const releaseNames = (memory: FairShares, namespace: string): void =>
  memory.release(namespace, key)
