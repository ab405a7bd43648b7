import type { OutlinePath } from '../../lib/json/json-outline.ts'
import type { FairPace } from '../pace/fair-pace.ts'

/** Waits until there is time for work that takes about so many microseconds. */
export type AwaitTurn = (microseconds: number) => Promise<void>

export const paceOf = (
  pace: FairPace | undefined,
  namespace: string,
): { readonly awaitTurn?: AwaitTurn } =>
  pace ? { awaitTurn: (microseconds) => pace.awaitTurn(namespace, microseconds) } : {}

/**
 * What is read of an object that is too large to be read: what identifies it, the annotations of an account, the names of the
 * Secrets that it claims, and its status.
 */
export const objectOutline: readonly OutlinePath[] = [
  ['metadata', '*'],
  ['metadata', 'annotations', '*'],
  ['spec', 'provider'],
  ['spec', 'target', 'name'],
  ['spec', 'secretObjects', '*', 'secretName'],
  ['status', '*'],
  ['status', 'binding', 'name'],
  ['status', 'conditions', '*', '*'],
]
