import { skippedLines } from '../check/output/skipped-lines.ts'
import { uncheckedLine } from '../input/unread/sort-out-skipped.ts'
import type { MigrateInput } from './content/read-input.ts'

/** Lines about what wasn't read, and so isn't migrated. */
export const unreadLines = ({
  skipped,
  unchecked,
}: Pick<MigrateInput, 'skipped' | 'unchecked'>): readonly string[] => [
  ...skippedLines({ skipped }),
  ...unchecked.map(uncheckedLine),
]
