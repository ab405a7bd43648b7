/** A text, a variable of the shell, or what a command prints. */
export type Part =
  | string
  | {
      readonly variable: string
      /** It stands for a part of a name that the user wrote. */
      readonly isPlaceholder?: true
    }
  | { readonly output: readonly Word[]; readonly isPlaceholder?: never }

/** One argument of a command. */
export type Word = string | readonly Part[]

/** A line of a shell script, as data until it is printed (print-script.ts). */
export type ScriptLine =
  | { readonly kind: 'run'; readonly words: readonly Word[]; readonly input?: Word }
  | { readonly kind: 'set'; readonly variables: Readonly<Record<string, Word>> }
  /** Ends the script if the variable isn't set. In a terminal, it prints the sentence. */
  | { readonly kind: 'need'; readonly name: string; readonly sentence: Word }
  | { readonly kind: 'comment'; readonly text: string }
  /** A command that somebody may run, as a comment. */
  | { readonly kind: 'suggestion'; readonly line: ScriptLine }
  | { readonly kind: 'blank' }

export const blank: ScriptLine = { kind: 'blank' }

export const comment = (text: string): ScriptLine => ({ kind: 'comment', text })

export const need = (name: string, sentence: Word): ScriptLine => ({ kind: 'need', name, sentence })

export const suggestion = (line: ScriptLine): ScriptLine => ({ kind: 'suggestion', line })

export const run = (words: readonly Word[]): ScriptLine => ({ kind: 'run', words })

export const set = (variables: Readonly<Record<string, Word>>): ScriptLine => ({
  kind: 'set',
  variables,
})

export const variable = (name: string): Word => [{ variable: name }]

export const output = (words: readonly Word[]): Word => [{ output: words }]

/** The parts of a word, without empty texts. */
export const partsOf = (some: Word): readonly Part[] =>
  (typeof some === 'string' ? [some] : some).filter((part) => part !== '')

/** Puts a word together: shellWord`$VAULT_ID/${path}`, but with `variable('VAULT_ID')` for the variable. */
export const shellWord = (
  texts: TemplateStringsArray,
  ...words: readonly Word[]
): readonly Part[] => texts.flatMap((text, i) => [text, ...partsOf(words[i] ?? '')])

/** The words of a command of the Azure CLI. Options that are undefined are left out. */
export const az = (
  command: string,
  options: Readonly<Record<string, Word | undefined>>,
): readonly Word[] => [
  'az',
  ...command.split(' '),
  ...Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  ),
]

/** The words of a command of the Azure CLI that prints one value. */
export const azQuery = (
  command: string,
  { query, ...options }: Readonly<Record<string, Word | undefined>> & { readonly query: Word },
): readonly Word[] => az(command, { ...options, query, output: 'tsv' })

/** Replaces the texts of a script: those in its commands, and those of its comments. */
export function mapTexts(
  line: ScriptLine,
  map: {
    readonly text: (text: string) => readonly Part[]
    readonly comment: (text: string) => string
  },
): ScriptLine {
  const partOf = (part: Part): readonly Part[] => {
    if (typeof part === 'string') return map.text(part)
    return 'output' in part ? [{ output: part.output.map(wordOf) }] : [part]
  }
  const wordOf = (some: Word): Word => partsOf(some).flatMap(partOf)
  switch (line.kind) {
    case 'run':
      return {
        ...line,
        words: line.words.map(wordOf),
        ...(line.input !== undefined && { input: wordOf(line.input) }),
      }
    case 'set':
      return set(
        Object.fromEntries(
          Object.entries(line.variables).map(([name, value]) => [name, wordOf(value)]),
        ),
      )
    case 'need':
      return need(line.name, wordOf(line.sentence))
    case 'comment':
      return comment(map.comment(line.text))
    case 'suggestion':
      return suggestion(mapTexts(line.line, map))
    case 'blank':
      return line
    default:
      return line satisfies never
  }
}
