import type { HeldObject } from '../../../delivery/agent-state.ts'
import type { JudgedPod } from './facts/judged-pod.ts'

/** How long before its end an object is worth a warning. */
const soonMs = 14 * 24 * 3600_000

interface Expiry {
  readonly object: string
  readonly expires: string
  readonly isOver: boolean
}

/** What the pod holds that has expired or soon will, by what its agent says. The soonest first. */
export function expiriesOf({
  asked,
  nowMs,
}: Pick<JudgedPod, 'asked' | 'nowMs'>): readonly Expiry[] {
  const objects: readonly HeldObject[] = asked?.kind === 'answered' ? asked.state.objects : []
  return objects
    .flatMap(({ object, expires }) => {
      const atMs = Date.parse(expires ?? '')
      return expires === undefined || Number.isNaN(atMs) || atMs - nowMs > soonMs
        ? []
        : [{ object, expires, isOver: atMs <= nowMs }]
    })
    .toSorted((a, b) => (a.expires < b.expires ? -1 : 1))
}

/** An expiry as a clause. */
export const sayExpiry = ({ object, expires, isOver }: Expiry): string =>
  `${object} ${isOver ? 'expired' : 'expires'} at ${expires}`

const maxNotes = 3

/** The clauses for a verdict. */
export const expiryNotes = (judged: Pick<JudgedPod, 'asked' | 'nowMs'>): readonly string[] =>
  expiriesOf(judged).slice(0, maxNotes).map(sayExpiry)
