export interface SetFile {
  readonly bytes: Uint8Array
  /** The permission bits, as `0o444`. */
  readonly mode: number
}

/** The files of one volume, by their paths in it. */
export type FileSet = ReadonlyMap<string, SetFile>
