import { createProgress } from '../../../lib/terminal/terminal-progress.ts'

/** Shows that the work goes on: on a terminal in one line that counts, elsewhere with a line now and then. */
export function createWorking({
  isTerminal,
  say,
  everyMs = 5_000,
}: {
  readonly isTerminal: boolean
  readonly say: (line: string) => void
  readonly everyMs?: number
}) {
  if (isTerminal) return createProgress()
  let timer: NodeJS.Timeout | undefined
  const hide = () => clearInterval(timer)
  return {
    show(text: string): void {
      hide()
      const startedMs = performance.now()
      timer = setInterval(() => {
        const seconds = Math.floor((performance.now() - startedMs) / 1000)
        say(`${text} … ${seconds} s`)
      }, everyMs).unref()
    },
    hide,
  }
}
