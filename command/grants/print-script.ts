import { type Part, partsOf, type ScriptLine, type Word } from './script.ts'
import { isPlain, shellQuote } from './shell-quote.ts'

/** Prints a script for a POSIX shell. Nothing else writes quotes into a command. */
export const printScript = (lines: readonly ScriptLine[]): readonly string[] =>
  lines.flatMap(printLine)

function printLine(line: ScriptLine): readonly string[] {
  switch (line.kind) {
    case 'run':
      return line.input === undefined
        ? [printWords(line.words)]
        : withInput(printWords(line.words), partsOf(line.input))
    case 'set': {
      const variables = Object.entries(line.variables)
      return [variables.map(([name, word]) => `${name}=${printWord(word)}`).join(' ')]
    }
    case 'need':
      return [`: "\${${line.name}:?${expand(partsOf(line.sentence), /[\\$`"}]/g)}}"`]
    case 'comment':
      return commented([line.text])
    case 'suggestion':
      return commented(printLine(line.line))
    case 'blank':
      return ['']
    default:
      return line satisfies never
  }
}

/** Each line by itself: what comes after a line break would run. */
const commented = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => text.split('\n')).map((line) => `# ${line}`)

const printWords = (words: readonly Word[]): string => words.map(printWord).join(' ')

const isText = (part: Part): part is string => typeof part === 'string'

/** Quotes a word from its first variable on. Plain text in front of that needs no quotes, and reads better without. */
function printWord(word: Word): string {
  const parts = partsOf(word)
  if (parts.every(isText)) return shellQuote(parts.join(''))
  const isBare = parts.every((part) => !isText(part) || isPlain(part))
  const found = parts.findIndex((part) => !isBare || !(isText(part) || part.isPlaceholder))
  const opened = found < 0 ? parts.length : found
  return [
    ...parts.slice(0, opened).map((part) => (isText(part) ? part : inQuotes([part]))),
    ...(opened < parts.length ? [inQuotes(parts.slice(opened))] : []),
  ].join('')
}

const inQuotes = (parts: readonly Part[]): string => `"${expand(parts, /[\\$`"]/g)}"`

/** A shell replaces variables in a here-document whose end isn't quoted. Quotes in it are text. */
function withInput(command: string, parts: readonly Part[]): readonly string[] {
  const [end, text] = parts.every(isText)
    ? ["'END'", parts.join('')]
    : ['END', expand(parts, /[\\$`]/g)]
  return [`${command} <<${end}`, ...text.split('\n'), 'END']
}

/** @param special - what texts may only have behind a backslash */
const expand = (parts: readonly Part[], special: RegExp): string =>
  parts
    .map((part, index) => {
      if (isText(part)) return part.replaceAll(special, '\\$&')
      if ('output' in part) return `$(${printWords(part.output)})`
      const next = parts[index + 1] ?? ''
      const isApart = !part.isPlaceholder && !(isText(next) && /^\w/.test(next))
      return isApart ? `$${part.variable}` : `\${${part.variable}}`
    })
    .join('')
