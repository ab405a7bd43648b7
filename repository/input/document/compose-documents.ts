import { Composer, type CST, type Document, Lexer, Parser, type ScalarTag, type Tags } from 'yaml'

export type ComposeOptions = ConstructorParameters<typeof Composer>[0]

/** A number with an exponent has digits before it. The library also takes `e0` for one. */
const exponential = /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/

/** As kubectl reads YAML: version 1.1, where 0644 is octal and `yes` a boolean, but without dates. */
export const yamlOptions = {
  version: '1.1',
  customTags: (tags): Tags =>
    tags
      .filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':timestamp'))
      .map((tag) =>
        typeof tag === 'object' && 'format' in tag && tag.format === 'EXP'
          ? ({ ...tag, test: exponential } as ScalarTag)
          : tag,
      ),
  prettyErrors: false,
  // The library compares each key with all others.
  uniqueKeys: false,
} as const satisfies ComposeOptions

/** What {@link composeDocuments} tells a caller who bounds the size of a document. */
export interface Progress {
  /** The tokens of the text since the last document ended: keys, values, marks and line breaks. */
  readonly tokens: number
  readonly parser: Parser
}

/**
 * Reads the documents of a text one after another, so that only one of them is in memory as a tree, which takes hundreds of
 * times the memory of its text. A document has errors if it isn't valid YAML.
 *
 * @param options - `offset`: where the text begins in its file, for the places in the documents;
 *   `onToken`: called for each token, and may throw
 */
export function* composeDocuments(
  text: string,
  options: NonNullable<ComposeOptions> & {
    readonly offset?: number
    readonly onToken?: (progress: Progress) => void
  },
): Generator<Document.Parsed> {
  const { offset = 0, onToken, ...composing } = options
  const parser = new Parser()
  parser.offset = offset
  const composer = new Composer(composing)
  let tokens = 0
  let strays = 0
  function* compose(parsed: Iterable<CST.Token>): Generator<Document.Parsed> {
    for (const token of parsed) {
      if (token.type === 'document') tokens = 0
      // Comments above a document's `---` aren't part of it: `inject` copies them from the text.
      if (token.type === 'comment') continue
      if (token.type === 'error' || token.type === 'directive') strays++
      // The library keeps an Error with its stack for each of them, but only the first one is reported.
      if (token.type === 'document' || strays <= maxStrays) yield* composer.next(token)
    }
  }
  for (const lexeme of new Lexer().lex(text)) {
    // A space and the library's mark before a scalar take little memory.
    const isLight = lexeme === startOfScalar || lexeme[0] === ' '
    tokens += (isLight ? 0 : 1) + lineBreaksIn(lexeme)
    yield* compose(parser.next(lexeme))
    onToken?.({ tokens, parser })
  }
  yield* compose(parser.end())
  yield* composer.end(false, offset + text.length)
}

/** More than a file with many errors, or with many directives, needs to be refused for the right reason. */
const maxStrays = 1000

/** Each line of a text is a string of its own for a while. */
function lineBreaksIn(lexeme: string): number {
  let count = 0
  for (let at = lexeme.indexOf('\n', 1); at >= 0; at = lexeme.indexOf('\n', at + 1)) count++
  return count
}

const startOfScalar = '\u001f'
