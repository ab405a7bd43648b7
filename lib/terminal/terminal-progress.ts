import { printable } from '../printable.ts'

/**
 * Shows on a terminal what takes so long: one line that counts the seconds, for work of minutes. It goes to standard error, because standard output is for results,
 * and nothing is written unless that is a terminal.
 */
export function createProgress({
  stream = process.stderr,
  everyMs = 1000,
  elapsedMs = () => performance.now(),
}: {
  readonly stream?: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown }
  readonly everyMs?: number
  readonly elapsedMs?: () => number
} = {}) {
  let timer: NodeJS.Timeout | undefined
  const hide = () => {
    if (timer === undefined) return
    clearInterval(timer)
    timer = undefined
    stream.write(eraseLine)
  }
  return {
    /** Shows this text with the seconds since, in place of an earlier one. */
    show(text: string): void {
      hide()
      if (!stream.isTTY) return
      const startedMs = elapsedMs()
      const write = () => {
        const seconds = Math.floor((elapsedMs() - startedMs) / 1000)
        stream.write(`${eraseLine}${printable(text, maxLength)} … ${seconds} s`)
      }
      write()
      // The process may end although this one is shown.
      timer = setInterval(write, everyMs).unref()
    },
    /** Removes it, so that other lines can be printed. */
    hide,
  }
}

/** A longer line would wrap, and couldn't be erased. */
const maxLength = 60

export const eraseLine = '\r\u001b[2K'
