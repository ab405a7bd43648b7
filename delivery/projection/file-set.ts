export interface SetFile {
  readonly bytes: Uint8Array
  /** The permission bits, as `0o444`. */
  readonly mode: number
}

/** By path relative to the volume, with `/` between its parts; if the files are of several volumes, by `fileKey`. */
export type FileSet = ReadonlyMap<string, SetFile>
