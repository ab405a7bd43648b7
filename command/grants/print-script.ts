import { type Part, partsOf, type ScriptLine, type Word } from './script.ts'
import { isPlain, shellQuote } from './shell-quote.ts'

/**
 * Prints a script for a POSIX shell. Nothing else writes quotes into a command.
 *
 * @param width - if set, longer commands are folded at it, between two words and behind a backslash. A shell reads them as before.
 * Texts of here-documents and comments aren't folded, and neither is a single long word.
 */
export const printScript = (
  lines: readonly ScriptLine[],
  { width = Number.POSITIVE_INFINITY }: { readonly width?: number | undefined } = {},
): readonly string[] => lines.flatMap((line) => printLine(line, width))

function printLine(line: ScriptLine, width: number): readonly string[] {
  switch (line.kind) {
    case 'run': {
      const command = fold(wordsPieces(line.words), width)
      return line.input === undefined ? command : withInput(command, partsOf(line.input))
    }
    case 'set': {
      const variables = Object.entries(line.variables)
      const pieces = variables.flatMap(([name, word]) => glue([`${name}=`], wordPieces(word)))
      return fold(pieces, width)
    }
    case 'need':
      return [`: "\${${line.name}:?${joined(expand(partsOf(line.sentence), /[\\$`"}]/g))}}"`]
    case 'comment':
      return commented([line.text])
    case 'suggestion':
      return commented(printLine(line.line, width - 2))
    case 'blank':
      return ['']
    default:
      return line satisfies never
  }
}

/** Each line by itself: what comes after a line break would run. */
const commented = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => text.split('\n')).map((line) => `# ${line}`)

/** Texts with a blank between each two, at which a command may be folded. Only commands within a word give it several. */
type Pieces = readonly string[]

const joined = (pieces: Pieces): string => pieces.join(' ')

/** Puts two texts together without a blank. */
const glue = (one: Pieces, other: Pieces): Pieces => [
  ...one.slice(0, -1),
  (one.at(-1) ?? '') + (other[0] ?? ''),
  ...other.slice(1),
]

/** Puts as much on each line as fits. An option stays beside its value. */
function fold(pieces: Pieces, width: number): readonly string[] {
  if (joined(pieces).length <= width) return [joined(pieces)]
  const lines: string[] = []
  let line = ''
  for (const some of withValues(pieces)) {
    const longer = line === '' ? some : `${line} ${some}`
    // A blank and the backslash have to fit, too.
    if (line === '' || longer.length + 2 <= width) {
      line = longer
      continue
    }
    lines.push(`${line} \\`)
    line = `    ${some}`
  }
  return [...lines, line]
}

function withValues(pieces: Pieces): Pieces {
  const all: string[] = []
  let takesValue = false
  for (const piece of pieces) {
    const isOption = piece.startsWith('--')
    if (takesValue && !isOption) all.push(`${all.pop()} ${piece}`)
    else all.push(piece)
    takesValue = isOption && !piece.includes('=')
  }
  return all
}

const wordsPieces = (words: readonly Word[]): Pieces => words.flatMap(wordPieces)

const isText = (part: Part): part is string => typeof part === 'string'

/** Quotes a word from its first variable on. Plain text in front of that needs no quotes, and reads better without. */
function wordPieces(word: Word): Pieces {
  const parts = partsOf(word)
  if (parts.every(isText)) return [shellQuote(parts.join(''))]
  const isBare = parts.every((part) => !isText(part) || isPlain(part))
  const found = parts.findIndex((part) => !isBare || !(isText(part) || part.isPlaceholder))
  const opened = found < 0 ? parts.length : found
  const bare = parts.slice(0, opened).map((part) => (isText(part) ? [part] : inQuotes([part])))
  const quoted = opened < parts.length ? [inQuotes(parts.slice(opened))] : []
  return [...bare, ...quoted].reduce(glue, [])
}

const inQuotes = (parts: readonly Part[]): Pieces =>
  glue(glue(['"'], expand(parts, /[\\$`"]/g)), ['"'])

/** A shell replaces variables in a here-document whose end isn't quoted. Quotes in it are text. */
function withInput(command: readonly string[], parts: readonly Part[]): readonly string[] {
  const [end, text] = parts.every(isText)
    ? ["'END'", parts.join('')]
    : ['END', joined(expand(parts, /[\\$`]/g))]
  return [...command.slice(0, -1), `${command.at(-1)} <<${end}`, ...text.split('\n'), 'END']
}

/** @param special - what texts may only have behind a backslash */
const expand = (parts: readonly Part[], special: RegExp): Pieces =>
  parts
    .map((part, index): Pieces => {
      if (isText(part)) return [part.replaceAll(special, '\\$&')]
      if ('output' in part) return glue(glue(['$('], wordsPieces(part.output)), [')'])
      const next = parts[index + 1] ?? ''
      const isApart = !part.isPlaceholder && !(isText(next) && /^\w/.test(next))
      return [isApart ? `$${part.variable}` : `\${${part.variable}}`]
    })
    .reduce(glue, [])
