/**
 * The parts of a parsed template. The language is the subset of Go's text/template that docs/specification.md lists
 * ("Templates of ExternalSecrets"). It has no loops and no variables, so every template ends.
 *
 * All texts are byte strings (byte-string.ts).
 */

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly value: Expression }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly whenTrue: readonly TemplateNode[]
      readonly whenFalse: readonly TemplateNode[]
    }

export type Expression =
  | { readonly kind: 'literal'; readonly text: string }
  /** `.` alone: all keys and values. */
  | { readonly kind: 'data' }
  | { readonly kind: 'field'; readonly of: Expression; readonly name: string }
  | FunctionCall

export interface FunctionCall {
  readonly kind: 'call'
  readonly name: FunctionName
  readonly args: readonly Expression[]
  /** What stands before the pipe. It is evaluated first, and is the last argument. */
  readonly piped?: Expression
}

/** How many arguments each function takes: at least, and at most. */
export const functionArguments = {
  and: [1, Number.POSITIVE_INFINITY],
  b64dec: [1, 1],
  b64enc: [1, 1],
  default: [1, Number.POSITIVE_INFINITY],
  eq: [2, Number.POSITIVE_INFINITY],
  filterPEM: [2, 2],
  fromJson: [1, 1],
  fullPemToPkcs12: [2, 2],
  fullPemToPkcs12Pass: [3, 3],
  index: [1, Number.POSITIVE_INFINITY],
  jwkPrivateKeyPem: [1, 1],
  jwkPublicKeyPem: [1, 1],
  lower: [1, 1],
  ne: [2, 2],
  not: [1, 1],
  or: [1, Number.POSITIVE_INFINITY],
  pemToPkcs12: [2, 2],
  pemToPkcs12Pass: [3, 3],
  pemTruststoreToPKCS12: [1, 1],
  pemTruststoreToPKCS12Pass: [2, 2],
  pkcs12cert: [1, 1],
  pkcs12certPass: [2, 2],
  pkcs12key: [1, 1],
  pkcs12keyPass: [2, 2],
  printf: [1, Number.POSITIVE_INFINITY],
  quote: [0, Number.POSITIVE_INFINITY],
  replace: [3, 3],
  toJson: [1, 1],
  toString: [1, 1],
  trim: [1, 1],
  trimPrefix: [2, 2],
  trimSuffix: [2, 2],
  upper: [1, 1],
} as const satisfies Readonly<Record<string, readonly [number, number]>>
export type FunctionName = keyof typeof functionArguments

/** A mistake in a template, or a failure to run it. The message never contains a value. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** How deeply parentheses, conditions and JSON values may be nested, and how many pipes, fields or keys may follow each other. */
export const maxDepth = 32

/**
 * What one call of a function may read, and what it may return. Functions run without a break, and a short template could
 * otherwise make gigabytes of a small value.
 */
export const maxCallBytes = 256 * 1024
