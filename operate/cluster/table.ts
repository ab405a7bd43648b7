import { printable } from '../../lib/printable.ts'

interface Column {
  readonly title: string
  /** Longer cells are cut off. */
  readonly most?: number
}

const usualMost = 60
const gap = '   '

/**
 * Lays out a table as kubectl does. Cells may contain any text, so it is made printable.
 *
 * @param rows - the rows that determine how wide the columns are. A row that is added later may be wider.
 */
export function createTable(columns: readonly Column[], rows: readonly (readonly string[])[]) {
  const shown = (cell: string, index: number) =>
    printable(cell, columns[index]?.most ?? usualMost) || '-'
  const widths = columns.map(({ title }, index) =>
    rows.reduce((most, row) => Math.max(most, shown(row[index] ?? '', index).length), title.length),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join(gap)
      .trimEnd()
  return {
    header: line(columns.map(({ title }) => title)),
    line: (cells: readonly string[]) => line(cells.map(shown)),
  }
}
