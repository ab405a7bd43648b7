/** A value, or a sentence that says what was found, what is accepted and what to do. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }
