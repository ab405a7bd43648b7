import { relative, resolve, sep } from 'node:path'
import { printable } from '../../../lib/printable.ts'
import { describeSource } from '../text/file-error.ts'
import { isManifestName, type SkippedPath, templateName } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import type { PassedOver } from './pass-over.ts'
import { createSearch, defaultBounds, type HeldPlace } from './search-skipped.ts'
import { isLink, leadsUp, realPath } from './unread.ts'

/** A warning about something that isn't read, and that `check` would have looked at. */
export interface UncheckedFinding {
  readonly severity: 'warning'
  readonly code: 'AKV_CHECK_UNREAD'
  readonly message: string
  readonly at: HeldPlace['at']
}

/** Everything that wasn't read. */
interface NotRead {
  readonly skipped: readonly SkippedPath[]
  readonly passedOver: readonly PassedOver[]
  /** The files that are read. A skipped folder may have some. */
  readonly read: readonly string[]
}

/** What wasn't read. */
interface SortedSkipped {
  /** The paths to name. They have nothing to check. */
  readonly skipped: readonly SkippedPath[]
  readonly unchecked: readonly UncheckedFinding[]
}

/**
 * Makes a warning of each skipped path that has something to check, so that no exit code 0 hides it. Files that aren't
 * manifests are named only then.
 *
 * @param paths - the files and folders as given
 */
export function sortOutSkipped(
  paths: readonly string[],
  { skipped, passedOver, read }: NotRead,
): SortedSkipped {
  const files = new Set(read.map((path) => resolve(path)))
  const search = createSearch(defaultBounds, (path) => files.has(resolve(path)))
  const roots = paths.flatMap((path) => realPath(path) ?? [])
  const searched = skipped
    .filter(({ path }) => !isReadAnyway(path, roots))
    .map((one) => {
      const held = leadsUp(one.path) ? undefined : search(one.path)
      return { ...one, ...(held && { held }) }
    })
  const named = passedOver.filter(({ isNamed }) => isNamed)
  return {
    skipped: [...searched, ...named]
      .filter((one) => one.held === undefined)
      .map(({ path, reason, cause }: SkippedPath) => ({ path, reason, ...(cause && { cause }) })),
    unchecked: [...searched, ...passedOver].flatMap(findingOf),
  }
}

/** Joins what several parts of a command haven't read. */
export const joinUnread = (...all: readonly SortedSkipped[]): SortedSkipped => ({
  skipped: all.flatMap(({ skipped }) => skipped),
  unchecked: all.flatMap(({ unchecked }) => unchecked),
})

/**
 * Whether a path is a symbolic link to something in a folder that was given, which is read or named by itself, or to nothing. A
 * file counts only if its own name is that of a manifest.
 */
function isReadAnyway(path: string, roots: readonly string[]): boolean {
  if (!isLink(path)) return false
  const target = realPath(path)
  if (target === undefined) return true
  if (isFile(target) && !isManifestName(target) && !templateName.test(target)) return false
  return roots.some((root) => {
    const parts = relative(root, target).split(sep)
    return !parts.some((part) => part.startsWith('.') || part === 'node_modules')
  })
}

const findingOf = ({
  path,
  reason,
  held,
}: SkippedPath & Pick<PassedOver, 'held'>): readonly UncheckedFinding[] =>
  held === undefined
    ? []
    : [
        {
          severity: 'warning',
          code: 'AKV_CHECK_UNREAD',
          message: `${held.has}, and isn't checked; skipped ${printable(path, 200)}: ${reason}`,
          at: held.at,
        },
      ]

/** Writes a finding for people, on one line. */
export function uncheckedLine({ message, at: { source, line } }: UncheckedFinding): string {
  const place = line === undefined ? describeSource(source) : `${describeSource(source)}:${line}`
  return `warning: ${place}: ${message}`
}
