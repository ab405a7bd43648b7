/** How the keys of a Secret are made of fetched values, its inputs. */
export interface Composition {
  /** If two inputs give the same key, the later one wins. */
  readonly inputs: readonly ComposedInput[]
  readonly template?: ComposedTemplate
  /**
   * What becomes of the keys of objects that the vault doesn't have: they go, and with `Delete`, so does the Secret if nothing was
   * found. Absent: everything stays, which is an error.
   */
  readonly onGone?: 'Merge' | 'Delete'
}

export type ComposedInput = KeyInput | AllInput

interface Input {
  /** Among the inputs of its Secret. */
  readonly index: number
  readonly decoding: Decoding
  /** A decoded value with a zero byte is an error. */
  readonly refusesNullBytes?: true
}

interface KeyInput extends Input {
  readonly kind: 'key'
  readonly key: string
}

/** All properties of a JSON object, or all secrets that a find has found. */
export interface AllInput extends Input {
  readonly kind: 'all'
  /** It has the values of a find, which may be none. */
  readonly isFind?: true
  /** How names become keys. Absent: as `Default`. Without effect beside `rewrite`. */
  readonly conversion?: 'Unicode'
  /** The operations that make keys of the names, in their order. */
  readonly rewrite?: readonly Rewrite[]
}

export type Rewrite =
  | { readonly kind: 'regexp'; readonly source: string; readonly target: string }
  | { readonly kind: 'transform'; readonly template: string }
  | MergeRewrite

/** Joins the members of all values, which have to be JSON objects. */
export interface MergeRewrite {
  readonly kind: 'merge'
  /** The key that gets them all as one JSON object, beside the keys that are there. Absent: each becomes a key instead. */
  readonly into?: string
  /** The keys whose members win, the last one over all others. */
  readonly priority: readonly string[]
  readonly ignoresMissing: boolean
  readonly ignoresConflicts: boolean
}

export interface ComposedTemplate {
  /** The texts of the templates, by key. Parsed, they would take 45 times the memory, so they are parsed when they are rendered. */
  readonly data: ReadonlyMap<string, string>
  /** Whether the Secret also gets the inputs' own keys. */
  readonly keepsInputs: boolean
}

export const decodings = ['None', 'Base64', 'Base64URL', 'Auto'] as const
export type Decoding = (typeof decodings)[number]
