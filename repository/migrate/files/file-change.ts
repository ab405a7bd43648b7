/** What a run does to one file: it changes, creates or deletes it. */
export interface FileChange {
  readonly path: string
  /** What was read. Absent if the file is new. */
  readonly before?: string
  /** Absent if the file is deleted. */
  readonly after?: string
}
