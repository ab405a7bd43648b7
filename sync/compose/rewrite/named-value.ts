/** A name and its value, before names have become keys. */
export interface NamedValue {
  readonly name: string
  readonly bytes: Uint8Array
}
