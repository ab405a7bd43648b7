export interface SetFile {
  readonly bytes: Uint8Array
  /** The permission bits, as `0o444`. */
  readonly mode: number
}

/** From a path relative to the volume, with `/` between its parts. */
export type FileSet = ReadonlyMap<string, SetFile>
