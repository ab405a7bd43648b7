import { InputError } from '../../../command/input-error.ts'
import { describeRendered, isRendered } from './rendered-source.ts'

/** A position in a file. Lines and columns count from 1, and columns are in UTF-16 units. */
export interface FilePosition {
  /** The file's name as given; `-` is standard input. `rendered-source.ts` describes the names of rendered text. */
  readonly source: string
  readonly line: number
  readonly column: number
}

/** Names a file, or a folder that was rendered, in messages. */
export function describeSource(source: string): string {
  if (source === '-') return 'standard input'
  return isRendered(source) ? describeRendered(source) : source
}

/** A file can't be read, or its content can't be parsed as manifests. */
export class FileError extends InputError {
  /** The file, with a line and column if the error has them. */
  readonly position: Pick<FilePosition, 'source'> & Partial<FilePosition>
  readonly sentence: string
  /** What the sentence has in common with those about other files; all of it, if nothing else is known. */
  readonly common: string

  constructor(
    position: Pick<FilePosition, 'source'> & Partial<FilePosition>,
    sentence: string,
    common = sentence,
  ) {
    const { source, line, column } = position
    const file = describeSource(source)
    super(`${line === undefined ? file : `${file}:${line}:${column}`}: ${sentence}`)
    this.position = position
    this.sentence = sentence
    this.common = common
  }
}

/** Lines for standard error about what can't be read. */
export const errorLines = (errors: readonly FileError[]): readonly string[] =>
  errors.map(({ message }) => `akv-injector: ${message}`)
