/**
 * `missing`: Azure lacks something that the files need. `too-much`: Azure has something that they don't need.
 * `unknown`: it couldn't be verified. `note`: a remark that doesn't count as a difference.
 */
export interface AzureFinding {
  readonly kind: 'missing' | 'too-much' | 'unknown' | 'note'
  readonly sentence: string
}

/** What was asked for, or a finding that says why it isn't known. */
export type Asked<T> = { readonly kind: 'known'; readonly value: T } | UnknownFinding

interface UnknownFinding {
  readonly kind: 'unknown'
  readonly sentence: string
}

export const unknown = (sentence: string): UnknownFinding => ({ kind: 'unknown', sentence })
export const missing = (sentence: string): AzureFinding => ({ kind: 'missing', sentence })
export const tooMuch = (sentence: string): AzureFinding => ({ kind: 'too-much', sentence })
export const note = (sentence: string): AzureFinding => ({ kind: 'note', sentence })
