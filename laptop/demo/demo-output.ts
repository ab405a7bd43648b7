import { styleText } from 'node:util'
import { printable } from '../../lib/printable.ts'
import { eraseLine } from '../../lib/terminal/terminal-progress.ts'

/** Prints the demo's steps: with colours and progress on a terminal, as plain lines to a pipe. */
export type DemoOutput = ReturnType<typeof createDemoOutput>

/** @param stream - colours depend on the stream, NO_COLOR and FORCE_COLOR */
export function createDemoOutput(stream: NodeJS.WriteStream) {
  // Only this file may write control characters, so all text is made printable.
  const plain = (text: string) => printable(text, Number.POSITIVE_INFINITY)
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, plain(text), { stream })
  let count = 0
  let isWaiting = false
  const write = (text: string) => {
    stream.write(`${isWaiting ? eraseLine : ''}${text}\n`)
    isWaiting = false
  }
  return {
    step: (title: string) => write(`\n${style('bold', `${++count}. ${title}`)}`),
    line: (text: string) => write(`   ${plain(text)}`),
    /** Output of another process: indented, and dim on a terminal. */
    quote: (text: string) => {
      for (const line of text.split('\n')) write(style('dim', `   | ${line}`))
    },
    good: (text: string) => write(`   ${style('green', text)}`),
    bad: (text: string) => write(`   ${style('red', text)}`),
    /** Progress: shown on a terminal only, until the next line. */
    waiting(text: string) {
      if (!stream.isTTY) return
      stream.write(`${isWaiting ? eraseLine : ''}   ${style('yellow', `${text} …`)}`)
      isWaiting = true
    },
  }
}
