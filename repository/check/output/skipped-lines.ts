import type { SkippedPath } from '../../input/text/find-files.ts'

const maxLines = 10

/**
 * Lines about the folders and files that weren't read: one for each kind of reason, with the first path and its own reason. If some
 * aren't named, the last line says how to list all.
 */
export function skippedLines({
  skipped,
}: {
  readonly skipped: readonly SkippedPath[]
}): readonly string[] {
  const groups = Map.groupBy(skipped, ({ reason, cause = reason }) => cause)
  const lines = [...groups.values()].slice(0, maxLines).flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const isSame = others.every(({ reason }) => reason === first.reason)
    const count = `and ${others.length} more`
    const more = others.length === 0 ? '' : isSame ? ` ${count}` : `, ${count} for similar reasons`
    return `skipped ${first.path}${more}: ${first.reason}`
  })
  return skipped.length === lines.length
    ? lines
    : [...lines, `to list all ${skipped.length} skipped paths: akv-injector check --output json`]
}
