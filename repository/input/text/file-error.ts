import { InputError } from '../../../command/input-error.ts'
import { describeRendered, isRendered } from './rendered-source.ts'

/** Where something is in the files. Lines and columns count from 1, columns in UTF-16 units. */
export interface FilePlace {
  /** The file's name as given; `-` is standard input. See `rendered-source.ts` for what was rendered. */
  readonly source: string
  readonly line: number
  readonly column: number
}

/** How messages name a file, or a folder that was rendered. */
export function describeSource(source: string): string {
  if (source === '-') return 'standard input'
  return isRendered(source) ? describeRendered(source) : source
}

/** A file can't be read, or not as manifests. */
export class FileError extends InputError {
  /** The place in the file, if there is one. */
  readonly place: Pick<FilePlace, 'source'> & Partial<FilePlace>
  readonly sentence: string

  constructor(place: Pick<FilePlace, 'source'> & Partial<FilePlace>, sentence: string) {
    const { source, line, column } = place
    const file = describeSource(source)
    super(`${line === undefined ? file : `${file}:${line}:${column}`}: ${sentence}`)
    this.place = place
    this.sentence = sentence
  }
}
