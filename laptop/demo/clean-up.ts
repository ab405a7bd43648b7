import { reasonOf } from '../../lib/reason-of.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'

/** Steps to undo at the end, the last one first. */
export type CleanUp = ReturnType<typeof createCleanUp>

export function createCleanUp() {
  const undos: (() => unknown)[] = []
  return {
    add: (undo: () => unknown): void => void undos.push(undo),
    /** Undoes every step once. Goes on with the other steps if one fails. */
    async run() {
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop())
        try {
          await undo()
        } catch (error) {
          const reason = reasonOf(error)
          printLines(process.stderr, [`akv-injector demo: cannot clean up: ${reason}`])
        }
    },
  }
}
