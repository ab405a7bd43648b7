import {
  Composer,
  type CST,
  type Document,
  Lexer,
  Parser,
  type ScalarTag,
  type Tags,
  type YAMLParseError,
} from 'yaml'

export type ComposeOptions = ConstructorParameters<typeof Composer>[0]

/** A number with an exponent, which needs digits before the `e`. The library would also accept `e0`. */
const exponential = /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/

/**
 * Options to read YAML as kubectl does: version 1.1, in which 0644 is octal and `yes` is a boolean, but without dates.
 */
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
  // Off, because the library would compare each key with all others, in quadratic time.
  uniqueKeys: false,
} as const satisfies ComposeOptions

/** The progress of {@link composeDocuments}, for a caller who limits the size of a document. */
export interface Progress {
  /** How many tokens have been read since the last document ended: keys, values, punctuation and line breaks. */
  readonly tokens: number
  readonly parser: Parser
}

/**
 * Reads the documents of a text one after another. Only one of them is in memory as a tree, because a tree takes
 * hundreds of times the memory of its text. A document that isn't valid YAML has `errors`.
 *
 * @param options - `offset`: where the text begins in its file, so that positions are offsets in the file; `onToken`:
 * called for each token, and may throw
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
      // The library keeps an Error with its stack for each stray token. Only the first is reported, so most are
      // skipped.
      if (token.type === 'document' || strays <= maxStrays) yield* accepted(composer.next(token))
    }
  }
  for (const lexeme of new Lexer().lex(text)) {
    // Not counted: a space, and the library's mark before a scalar, take little memory.
    const isLight = lexeme === startOfScalar || lexeme[0] === ' '
    tokens += (isLight ? 0 : 1) + lineBreaksIn(lexeme)
    yield* compose(parser.next(lexeme))
    onToken?.({ tokens, parser })
  }
  yield* compose(parser.end())
  yield* accepted(composer.end(false, offset + text.length))
}

/** Takes the errors out of documents that kubectl accepts all the same. */
function* accepted(documents: Iterable<Document.Parsed>): Generator<Document.Parsed> {
  for (const document of documents) {
    document.errors = document.errors.filter((error) => !isAboutComment(error))
    yield document
  }
}

/**
 * Whether an error is only about a comment right after a value, such as `"x"#comment`. kubectl's library accepts these, and the tree is the
 * same as with a space.
 */
const isAboutComment = ({ code, message }: YAMLParseError): boolean =>
  code === 'MISSING_CHAR' && message.startsWith('Comments must be separated')

/** Enough for every file to be refused for the right reason, even one with many errors or directives. */
const maxStrays = 1000

/** Counts line breaks, because the parser keeps each line of a text as a string of its own for a while. */
function lineBreaksIn(lexeme: string): number {
  let count = 0
  for (let at = lexeme.indexOf('\n', 1); at >= 0; at = lexeme.indexOf('\n', at + 1)) count++
  return count
}

const startOfScalar = '\u001f'
