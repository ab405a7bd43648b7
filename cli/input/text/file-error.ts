import { InputError } from './input-error.ts'

/** Where something is in the files. Lines and columns count from 1, columns in UTF-16 units. */
export interface FilePlace {
  /** The file's name as given; `-` is standard input. */
  readonly source: string
  readonly line: number
  readonly column: number
}

/** How messages name a file. */
export const describeSource = (source: string): string =>
  source === '-' ? 'standard input' : source

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
