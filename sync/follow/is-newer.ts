/**
 * Whether a resourceVersion is newer than another one of the same kind: both are decimal numbers of any length. The empty one is
 * the oldest.
 */
export const isNewer = (version: string, than: string): boolean =>
  version.length === than.length ? version > than : version.length > than.length
