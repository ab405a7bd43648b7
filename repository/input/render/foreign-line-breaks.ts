import { FileError } from '../text/file-error.ts'

/**
 * Characters that end a line or a text for the parser of one YAML version, and not for that of another: our parser follows YAML 1.2,
 * and Go's follows 1.1, where all but NUL are line breaks (https://yaml.org/spec/1.1/#id867927).
 */
const names: ReadonlyMap<string, string> = new Map([
  ['\0', 'NUL'],
  ['\r', 'a carriage return without a line feed'],
  ['\u0085', 'U+0085'],
  ['\u2028', 'U+2028'],
  ['\u2029', 'U+2029'],
])
const foreign = /[\0\u0085\u2028\u2029]|\r(?!\n)/

/**
 * Refuses the text of a file that we judge and another program parses, if the two may read something else in it. One of them would take
 * for a comment what the other one takes for a key.
 *
 * @throws FileError that names the character and its line
 */
export function refuseForeignLineBreaks(text: string, source: string): void {
  const found = foreign.exec(text)
  if (found === null) return
  const before = text.slice(0, found.index)
  const line = before.split('\n').length
  const column = found.index - before.lastIndexOf('\n')
  throw new FileError(
    { source, line, column },
    `has ${names.get(found[0])}, which Helm and kustomize may read as the end of the line; remove it`,
    'a character that parsers read differently',
  )
}
