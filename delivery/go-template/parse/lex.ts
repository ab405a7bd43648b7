import { printable } from '../../../lib/printable.ts'
import { fromText } from '../model/byte-string.ts'
import { TemplateError } from '../model/template.ts'
import { unquote } from './unquote.ts'

export type TemplateToken =
  /** Text outside of actions, as a byte string. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  /** `.name` */
  | { readonly kind: 'field'; readonly name: string }
  /** A function or a keyword. */
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'mark'; readonly mark: Mark }
  /** A character that isn't part of the language, such as one of a variable or a number. */
  | { readonly kind: 'other'; readonly character: string }

/** `open` and `close` are the braces of an action. Blanks separate arguments. */
export type Mark = 'open' | 'close' | 'blank' | 'dot' | '(' | ')' | '|'

/** Each matches at one position, and none of them can match in two ways. */
const patterns = {
  blank: /[ \t\r\n]+/y,
  word: /[\p{L}\p{Nd}_]+/uy,
  field: /\.([\p{L}\p{Nd}_]+)/uy,
  string: /"(?:[^"\\\n]|\\[^\n])*"/y,
  rawString: /`[^`]*`/y,
} as const

/** What may follow a word or a field in Go. */
const terminator = /[ \t\r\n.,|:()]|$/y

/**
 * Splits a template into tokens, as Go's text/template does.
 *
 * @throws TemplateError for what isn't part of the language
 */
export function* lexTemplate(template: string): Generator<TemplateToken> {
  let at = 0
  let isTrimmed = false
  for (;;) {
    const open = template.indexOf('{{', at)
    const text = template.slice(at, open < 0 ? undefined : open)
    const trimsBefore = open >= 0 && /^-[ \t\r\n]/.test(template.slice(open + 2, open + 4))
    yield* textToken(text, { start: isTrimmed, end: trimsBefore })
    if (open < 0) return
    const inside = open + 2 + (trimsBefore ? 2 : 0)
    const action = template.startsWith('/*', inside)
      ? skipComment(template, inside)
      : yield* lexAction(template, inside - (trimsBefore ? 1 : 0))
    at = action.end
    isTrimmed = action.isTrimmed
  }
}

interface ActionEnd {
  readonly end: number
  /** Whether a dash removes the blanks that follow. */
  readonly isTrimmed: boolean
}

function* textToken(
  text: string,
  trim: { readonly start: boolean; readonly end: boolean },
): Generator<TemplateToken> {
  let [start, end] = [0, text.length]
  if (trim.start) while (start < end && isBlank(text.charAt(start))) start++
  if (trim.end) while (end > start && isBlank(text.charAt(end - 1))) end--
  if (end > start) yield { kind: 'text', text: fromText(text.slice(start, end)) }
}

const isBlank = (character: string): boolean =>
  character === ' ' || character === '\t' || character === '\r' || character === '\n'

function skipComment(template: string, at: number): ActionEnd {
  const end = template.indexOf('*/', at + 2)
  const close = end < 0 ? undefined : closeAt(template, end + 2)
  if (close === undefined) throw new TemplateError('a comment has to end with */}} or */ -}}')
  return close
}

function* lexAction(template: string, start: number): Generator<TemplateToken, ActionEnd> {
  yield mark('open')
  let at = start
  for (;;) {
    const close = closeAt(template, at)
    if (close !== undefined) {
      yield mark('close')
      return close
    }
    const { token, length } = tokenAt(template, at)
    yield token
    at += length
  }
}

/** The end of an action, if there is one at this position. */
function closeAt(template: string, at: number): ActionEnd | undefined {
  if (template.startsWith('}}', at)) return { end: at + 2, isTrimmed: false }
  const isTrimmed = isBlank(template.charAt(at)) && template.startsWith('-}}', at + 1)
  return isTrimmed ? { end: at + 4, isTrimmed } : undefined
}

function tokenAt(
  template: string,
  at: number,
): { readonly token: TemplateToken; readonly length: number } {
  const match = (name: keyof typeof patterns): string | undefined => {
    const pattern = patterns[name]
    pattern.lastIndex = at
    return pattern.exec(template)?.[0]
  }
  const blank = match('blank')
  if (blank !== undefined)
    return { token: mark('blank'), length: trimmedLength(template, at, blank) }
  const character = template.charAt(at)
  switch (character) {
    case '(':
    case ')':
    case '|':
      return { token: mark(character), length: 1 }
    case '"':
    case '`': {
      const found = match(character === '"' ? 'string' : 'rawString')
      if (found === undefined) throw new TemplateError('a string in an action has no end')
      return { token: { kind: 'string', text: unquote(found) }, length: found.length }
    }
    case '.': {
      const field = match('field')
      if (field === undefined)
        return terminated({ token: mark('dot'), length: 1 }, { template, at })
      const name = fromText(field.slice(1))
      return terminated({ token: { kind: 'field', name }, length: field.length }, { template, at })
    }
    default: {
      const word = match('word')
      if (word === undefined || /^\d/.test(word)) {
        const [other] = template.slice(at, at + 2)
        if (other === undefined) throw new TemplateError('an action has no end: "}}" is missing')
        return { token: { kind: 'other', character: other }, length: other.length }
      }
      const token: TemplateToken = { kind: 'word', name: word }
      return terminated({ token, length: word.length }, { template, at })
    }
  }
}

/** The last blank before `-}}` belongs to the end of the action. */
const trimmedLength = (template: string, at: number, { length }: string): number =>
  length > 1 && template.startsWith('-}}', at + length) ? length - 1 : length

function terminated(
  found: { readonly token: TemplateToken; readonly length: number },
  { template, at }: { readonly template: string; readonly at: number },
) {
  const next = at + found.length
  terminator.lastIndex = next
  if (terminator.test(template) || template.startsWith('}}', next)) return found
  if (found.token.kind === 'field')
    throw new TemplateError(
      `found "${printable(template.slice(at, next + 1))}"; a name after a dot has only letters, digits and "_": write index . "NAME" for any other`,
    )
  throw unsupportedCharacter(template.slice(next, next + 2))
}

export const unsupportedCharacter = ([character = '']: string): TemplateError =>
  new TemplateError(
    `"${printable(character)}" is not supported in an action; accepted: .NAME, strings, functions, parentheses and pipes`,
  )

const mark = (name: Mark): TemplateToken => ({ kind: 'mark', mark: name })
