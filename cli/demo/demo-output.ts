import { styleText } from 'node:util'
import { printable } from '../../lib/printable.ts'

/** Tells the demo step by step: in colour and with progress on a terminal, as plain lines into a pipe. */
export interface DemoOutput {
  step(title: string): void
  line(text: string): void
  /** What somebody else said: indented, and dim on a terminal. */
  quote(text: string): void
  good(text: string): void
  bad(text: string): void
  /** What is waited for: on a terminal only, and gone with the next line. */
  waiting(text: string): void
}

/** @param stream - where to; it decides about colour (as do NO_COLOR and FORCE_COLOR) */
export function createDemoOutput(stream: NodeJS.WriteStream): DemoOutput {
  // Colours, the mark of a quote and the ends of lines are ours; nothing of what is told is.
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
    step: (title) => write(`\n${style('bold', `${++count}. ${title}`)}`),
    line: (text) => write(`   ${plain(text)}`),
    quote: (text) => {
      for (const one of text.split('\n')) write(style('dim', `   | ${one}`))
    },
    good: (text) => write(`   ${style('green', text)}`),
    bad: (text) => write(`   ${style('red', text)}`),
    waiting(text) {
      if (!stream.isTTY) return
      stream.write(`${isWaiting ? eraseLine : ''}   ${style('yellow', `${text} …`)}`)
      isWaiting = true
    },
  }
}

const eraseLine = '\r\u001b[2K'
