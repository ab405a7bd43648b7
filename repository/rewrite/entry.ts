import type { Format } from './render-value.ts'
import type { CollectionToken, TokenItem } from './token-places.ts'

/** A part of a text to replace, in UTF-16 units. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What happens to one item of a list, or to one key of a mapping with its value. */
export type CollectionEntry =
  /** The item stays. `descend` finds the edits inside of it. */
  | { readonly kind: 'kept'; readonly item: TokenItem; readonly descend: () => void }
  | { readonly kind: 'removed'; readonly item: TokenItem }
  | ({ readonly kind: 'replaced'; readonly item: TokenItem } & Written)
  | ({ readonly kind: 'added' } & Written)

interface Written {
  /** In a mapping. */
  readonly key?: string
  readonly value: unknown
}

/** A collection whose items change. */
export interface CollectionChange {
  readonly token: CollectionToken
  /** At least one of them is kept or replaced. Those with an item are in the order of the source. */
  readonly entries: readonly CollectionEntry[]
}

/** The source text, and where to collect the edits: inner edits come before those around them. */
export interface Editing {
  readonly text: string
  readonly format: Format
  readonly edits: Edit[]
}
