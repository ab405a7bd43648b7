/**
 * The width at which to fold commands that a stream prints. Undefined if it isn't a terminal: a script in a file, and a program that
 * reads lines, get each command as one line.
 */
export const foldWidth = ({
  isTTY = false,
  columns = 0,
}: {
  readonly isTTY?: boolean
  readonly columns?: number
}): number | undefined => (isTTY && columns >= minColumns ? columns - 1 : undefined)

/** A terminal that doesn't know its width says 0. */
const minColumns = 20
