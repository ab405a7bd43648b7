import { reasonOf } from '../../lib/reason-of.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'

/** A stack of steps that undo something, run at the end with the newest first. */
export type CleanUp = ReturnType<typeof createCleanUp>

export function createCleanUp() {
  const undos: (() => unknown)[] = []
  return {
    add: (undo: () => unknown): void => void undos.push(undo),
    /** Runs every step once. If one fails, the others still run. */
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
