/**
 * `missing`: something that the files need. `too-much`: something that they don't need. `unknown`: couldn't be verified.
 * `note`: doesn't count as a difference.
 */
export interface AzureFinding {
  readonly kind: 'missing' | 'too-much' | 'unknown' | 'note'
  readonly sentence: string
}

/** A finding, or what was asked for. */
export type Asked<T> = { readonly kind: 'known'; readonly value: T } | UnknownFinding

interface UnknownFinding {
  readonly kind: 'unknown'
  readonly sentence: string
}

export const unknown = (sentence: string): UnknownFinding => ({ kind: 'unknown', sentence })
export const missing = (sentence: string): AzureFinding => ({ kind: 'missing', sentence })
export const tooMuch = (sentence: string): AzureFinding => ({ kind: 'too-much', sentence })
export const note = (sentence: string): AzureFinding => ({ kind: 'note', sentence })
