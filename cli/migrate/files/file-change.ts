/** A file to write in place of what is there. */
export interface FileChange {
  readonly path: string
  /** What was read. Absent if the file is new. */
  readonly before?: string
  /** Absent if the file is deleted. */
  readonly after?: string
}
