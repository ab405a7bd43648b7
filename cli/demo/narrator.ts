import { styleText } from 'node:util'

/** Tells the demo step by step: in colour on a terminal, as plain lines into a pipe. */
export interface Narrator {
  step(title: string): void
  line(text: string): void
  /** What somebody else said: indented, and dim on a terminal. */
  quote(text: string): void
  good(text: string): void
  bad(text: string): void
}

/** @param stream - where to; it decides about colour (as do NO_COLOR and FORCE_COLOR) */
export function createNarrator(stream: NodeJS.WriteStream): Narrator {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream })
  const write = (text: string) => stream.write(`${text}\n`)
  let count = 0
  return {
    step: (title) => write(`\n${style('bold', `${++count}. ${title}`)}`),
    line: (text) => write(`   ${text}`),
    quote: (text) => {
      for (const one of text.split('\n')) write(style('dim', `   | ${one}`))
    },
    good: (text) => write(`   ${style('green', text)}`),
    bad: (text) => write(`   ${style('red', text)}`),
  }
}
