/** What a run does to one file: it changes, creates or deletes it. */
export interface FileChange {
  readonly path: string
  /** The text that was read. Absent if the file is new. */
  readonly before?: string
  /** The new text. Absent if the file is deleted. */
  readonly after?: string
}
