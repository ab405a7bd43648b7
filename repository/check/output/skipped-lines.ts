import type { SkippedPath } from '../../input/text/find-files.ts'

const maxLines = 10

/** Lines about the folders and files that weren't read: one for each reason, and how to list all, if some aren't named. */
export function skippedLines({
  skipped,
}: {
  readonly skipped: readonly SkippedPath[]
}): readonly string[] {
  const groups = Map.groupBy(skipped, ({ reason, cause = reason }) => cause)
  const lines = [...groups.values()].slice(0, maxLines).flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    return `skipped ${first.path}${more}: ${first.reason}`
  })
  return skipped.length === lines.length
    ? lines
    : [...lines, `to list all ${skipped.length} skipped paths: akv-injector check --output json`]
}
