/** The result of reading what people write: a value, or what is wrong with the text. Callers ask for its `kind`. */

/** `problem`: a sentence that says what was found, what is accepted and what to do. */
export type Parsed<T> = Valid<T> | Invalid<{ readonly problem: string }>

/** The same with everything that is wrong, for what has many parts. */
export type Checked<T, P = string> = Valid<T> | Invalid<{ readonly problems: readonly P[] }>

interface Valid<T> {
  readonly kind: 'valid'
  readonly value: T
}

type Invalid<Reason> = { readonly kind: 'invalid' } & Reason

export const valid = <T>(value: T): Valid<T> => ({ kind: 'valid', value })

export const invalid = (problem: string): Invalid<{ readonly problem: string }> => ({
  kind: 'invalid',
  problem,
})

export const allInvalid = <P>(
  problems: readonly P[],
): Invalid<{ readonly problems: readonly P[] }> => ({ kind: 'invalid', problems })
