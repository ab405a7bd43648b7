/** How the keys of a Secret are made of fetched values, its inputs. */
export interface Composition {
  /** If two inputs give the same key, the later one wins. */
  readonly inputs: readonly ComposedInput[]
  readonly template?: ComposedTemplate
}

export type ComposedInput =
  | {
      readonly kind: 'key'
      readonly index: number
      readonly key: string
      readonly decoding: Decoding
    }
  /** All properties of a JSON object. */
  | { readonly kind: 'all'; readonly index: number; readonly decoding: Decoding }

export interface ComposedTemplate {
  /** The texts of the templates, by key. Parsed, they would take 45 times the memory, so they are parsed when they are rendered. */
  readonly data: ReadonlyMap<string, string>
  /** Whether the Secret also gets the inputs' own keys. */
  readonly keepsInputs: boolean
}

export const decodings = ['None', 'Base64', 'Base64URL', 'Auto'] as const
export type Decoding = (typeof decodings)[number]
