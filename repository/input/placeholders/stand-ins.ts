import { FileError, type FilePosition } from '../text/file-error.ts'
import type { Shape } from './shape-in.ts'
import { marksIn, maxStandIns, standInOf, withoutCutMarks } from './stand-in.ts'

/** What a mark in a text stands for. */
export interface Marked<Placeholder> {
  readonly placeholder: Placeholder
  readonly shape: Shape
}

interface Use {
  readonly position: () => FilePosition
}

/** The stand-ins that a command has put in place of placeholders: one for each placeholder and shape. */
export class StandIns<Placeholder extends { readonly text: string }> {
  readonly #byShape = new Map<string, string>()
  readonly #byMark = new Map<string, Marked<Placeholder>>()

  /** @throws FileError if there are too many */
  of(placeholder: Placeholder, shape: Shape, use: Use): string {
    const key = `${shape} ${placeholder.text}`
    const earlier = this.#byShape.get(key)
    if (earlier !== undefined) return earlier
    if (this.#byMark.size >= maxStandIns) throw new FileError(use.position(), tooMany)
    const { text, mark } = standInOf(shape, this.#byMark.size)
    this.#byShape.set(key, text)
    this.#byMark.set(mark, { placeholder, shape })
    return text
  }

  /**
   * Refuses a text whose author has written what looks like a stand-in.
   *
   * @param count - how many stand-ins we have put into the text
   * @throws FileError if the text has others
   */
  refuseOthers(text: string, count: number, use: Use): void {
    const found = marksIn(text)
    if (found.length === count && found.every(({ mark }) => this.#byMark.has(mark))) return
    throw new FileError(use.position(), reserved)
  }

  /** Gives a whole value with what the author wrote instead of stand-ins. */
  restoreValue(value: string): string {
    return this.read(value)
      .map((part) => (typeof part === 'string' ? part : part.placeholder.text))
      .join('')
  }

  /** Gives a line for people with what the author wrote instead of stand-ins, as far as it doesn't cut them. */
  restore(line: string): string {
    return withoutCutMarks(this.restoreValue(line), [...this.#byMark.keys()])
  }

  /** The parts of a text: what the author wrote, and placeholders. None is empty. */
  read(text: string): readonly (string | Marked<Placeholder>)[] {
    let end = 0
    if (this.#byMark.size === 0) return text === '' ? [] : [text]
    const parts = marksIn(text).flatMap(({ mark, index }) => {
      const marked = this.#byMark.get(mark)
      if (marked === undefined) return []
      const before = text.slice(end, index)
      end = index + mark.length
      return [before, marked]
    })
    return [...parts, text.slice(end)].filter((part) => part !== '')
  }
}

const reserved =
  'a value here looks like the stand-in of a placeholder; run the command again, which makes other stand-ins'

const tooMany = `there are more than ${maxStandIns.toLocaleString('en')} placeholders without a value up to here; pass fewer files, or --set NAME=VALUE`
