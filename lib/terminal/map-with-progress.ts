import { eraseLine } from './terminal-progress.ts'

/** The line appears once the work has taken so long, and changes no more often than that. */
const firstMs = 1000
const everyMs = 100

/**
 * Maps items, and shows on a terminal how many are done if that takes more than a second. For work that keeps a timer from
 * running. Nothing is written if standard error isn't a terminal that can erase a line, or in CI.
 *
 * @param options - `what`: the work, such as "reading files"; `isQuiet`: writes nothing
 */
export function mapWithProgress<T, R>(
  items: readonly T[],
  map: (item: T) => R,
  {
    what,
    isQuiet = false,
    stream = process.stderr,
    env = process.env,
    elapsedMs = () => performance.now(),
  }: {
    readonly what: string
    readonly isQuiet?: boolean
    readonly stream?: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown }
    readonly env?: NodeJS.ProcessEnv
    readonly elapsedMs?: () => number
  },
): R[] {
  const isShown = stream.isTTY && !isQuiet && !env['CI'] && env['TERM'] !== 'dumb'
  if (!isShown) return items.map((item) => map(item))
  let nextMs = elapsedMs() + firstMs
  let hasLine = false
  try {
    return items.map((item, index) => {
      const result = map(item)
      if (elapsedMs() >= nextMs) {
        stream.write(`${eraseLine}${what} … ${index + 1} of ${items.length}`)
        nextMs = elapsedMs() + everyMs
        hasLine = true
      }
      return result
    })
  } finally {
    if (hasLine) stream.write(eraseLine)
  }
}
