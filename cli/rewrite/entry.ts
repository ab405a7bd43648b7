import type { Format } from './render-value.ts'
import type { CollectionToken, Item } from './token-places.ts'

/** A part of a text to replace, in UTF-16 units. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What becomes of one item of a list, or of one key of a mapping with its value. */
export type Entry =
  /** It stays. `descend` finds the edits inside of it. */
  | { readonly kind: 'kept'; readonly item: Item; readonly descend: () => void }
  | { readonly kind: 'removed'; readonly item: Item }
  | ({ readonly kind: 'replaced'; readonly item: Item } & Written)
  | ({ readonly kind: 'added' } & Written)

interface Written {
  /** In a mapping. */
  readonly key?: string
  readonly value: unknown
}

/** A collection whose items change. */
export interface Change {
  readonly token: CollectionToken
  /** At least one of them is kept or replaced. Those with an item are in the order of the source. */
  readonly entries: readonly Entry[]
}

/** The source text, and where to collect the edits: those of an inner place before those around it. */
export interface Editing {
  readonly text: string
  readonly format: Format
  readonly edits: Edit[]
}
