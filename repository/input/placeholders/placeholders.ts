import { valueAt } from '../../../lib/shape.ts'
import { FileError, type FilePlace } from '../text/file-error.ts'
import { createCutValues } from './cut-values.ts'
import { type FoundPlaceholder, findPlaceholders } from './find-placeholders.ts'
import { cutMarks, hasStandIn, marks, maxStandIns, type Shape, standInOf } from './stand-in.ts'

/** A placeholder of the files that has no value. */
export interface Placeholder extends Pick<FoundPlaceholder, 'text' | 'name' | 'isExpression'> {
  /** Where it is used first. */
  readonly place: FilePlace
  readonly uses: number
  /** YAML reads it as a comment, because it isn't quoted. */
  readonly isComment: boolean
}

/** A text in which placeholders are replaced. */
interface FilledText {
  readonly text: string
  /** Values that the user gave are all that it got. */
  readonly isFinal: boolean
}

/** A use of placeholders in a file. */
interface Use {
  readonly place: () => FilePlace
  /** Whether the placeholder matters for what a command reports, and this use wasn't counted before. */
  readonly counts: boolean
  readonly isComment: boolean
}

/** The placeholders of all files that a command reads. */
export interface Placeholders {
  /**
   * Replaces the placeholders of a value. Undefined if it has none.
   *
   * @param shapeAt - what the value accepts at an offset, if the placeholder is all that is there
   * @throws FileError if there are too many, or the value has what looks like a stand-in
   */
  fill(
    text: string,
    use: Use,
    shapeAt: (place: { readonly start: number; readonly end: number }) => Shape,
  ): FilledText | undefined
  /** Gives a text with what the author wrote instead of stand-ins, as far as it isn't cut. */
  restore(text: string): string
  /** The placeholders whose stand-ins a text has, or a value that it cuts, each once. */
  mentionedIn(text: string): readonly Placeholder[]
  /** The parts of a text: what the author wrote, and placeholders. None is empty. */
  read(text: string): readonly (string | MarkedPlaceholder)[]
  /** Whether a placeholder of the files has this name. It may need more than a value. */
  hasFound(name: string): boolean
  /** The placeholders without a value that matter, in the order of the files. */
  unfilled(): readonly Placeholder[]
}

/** A placeholder in a text. There is one object for each placeholder and shape. */
export interface MarkedPlaceholder {
  readonly placeholder: Placeholder
  readonly shape: Shape
}

/** How a command treats placeholders. */
interface PlaceholderOptions {
  /** What the user says that they stand for, by name. */
  readonly values?: ReadonlyMap<string, string>
  /** What becomes of a placeholder without a value. `standIn` lets the rules read the rest of the object. */
  readonly unfilled: 'standIn' | 'kept'
  /** Keep `${X:=default}` open, because it is written again. */
  readonly ignoresDefaults?: boolean
}

type Known = { -readonly [Key in keyof Placeholder]: Placeholder[Key] }

/** Returns a command's placeholders. They are found while it reads its files. */
export function createPlaceholders(options: PlaceholderOptions): Placeholders {
  const { values = new Map<string, string>() } = options
  const known = new Map<string, Known>()
  const byShape = new Map<string, string>()
  const byMark = new Map<string, MarkedPlaceholder>()
  const foundNames = new Set<string>()
  const cutValues = createCutValues<Placeholder>()
  const filledValue = ({ name, fallback, isExpression }: FoundPlaceholder): string | undefined =>
    (isExpression ? undefined : values.get(name)) ??
    (options.ignoresDefaults ? undefined : fallback)

  const note = (found: FoundPlaceholder, { place, counts, isComment }: Use): Known => {
    const { text, name, isExpression } = found
    const earlier = known.get(text)
    const placeholder = earlier ?? {
      text,
      name,
      ...(isExpression && { isExpression }),
      place: place(),
      uses: 0,
      isComment: false,
    }
    known.set(text, placeholder)
    if (!counts) return placeholder
    if (earlier?.uses === 0) placeholder.place = place()
    placeholder.uses++
    placeholder.isComment ||= isComment
    return placeholder
  }
  const standIn = (placeholder: Known, shape: Shape, use: Use): string => {
    const key = `${shape} ${placeholder.text}`
    const earlier = byShape.get(key)
    if (earlier !== undefined) return earlier
    if (byMark.size >= maxStandIns) throw new FileError(use.place(), tooMany)
    const { text, mark } = standInOf(shape, byMark.size)
    byShape.set(key, text)
    byMark.set(mark, { placeholder, shape })
    return text
  }
  /** The author may write anything, also what only we are expected to write. */
  const refuseOthers = (text: string, standIns: number, use: Use) => {
    if (options.unfilled === 'kept' || !hasStandIn(text)) return
    const found = [...text.matchAll(marks)]
    if (found.length === standIns && found.every(([mark]) => byMark.has(mark))) return
    throw new FileError(use.place(), reserved)
  }
  const read = (text: string): readonly (string | MarkedPlaceholder)[] => {
    let end = 0
    const parts = [...text.matchAll(marks)].flatMap(({ 0: mark, index }) => {
      const marked = byMark.get(mark)
      if (marked === undefined) return []
      const before = text.slice(end, index)
      end = index + mark.length
      return [before, marked]
    })
    return [...parts, text.slice(end)].filter((part) => part !== '')
  }

  return {
    fill(text, use, shapeAt) {
      const found = findPlaceholders(text)
      let standIns = 0
      const noted = new Set<Known>()
      let end = 0
      const parts = found.map((placeholder) => {
        const { start, name } = placeholder
        if (values.has(name)) foundNames.add(name)
        const before = text.slice(end, start)
        end = start + placeholder.text.length
        const value = filledValue(placeholder)
        if (value !== undefined) return before + value
        const known = note(placeholder, use)
        noted.add(known)
        if (options.unfilled === 'kept') return before + placeholder.text
        standIns++
        return before + standIn(known, shapeAt({ start, end }), use)
      })
      const filled = parts.join('') + text.slice(end)
      refuseOthers(filled, standIns, use)
      cutValues.add(filled, noted)
      return found.length === 0 ? undefined : { text: filled, isFinal: noted.size === 0 }
    },
    restore: (text) =>
      byMark.size === 0
        ? text
        : text
            .replaceAll(marks, (mark) => byMark.get(mark)?.placeholder.text ?? mark)
            .replaceAll(cutMarks, '…'),
    mentionedIn: (text) => [
      ...new Set([
        ...read(text).flatMap((part) => (typeof part === 'string' ? [] : part.placeholder)),
        ...cutValues.ownersIn(text),
      ]),
    ],
    read,
    hasFound: (name) => foundNames.has(name),
    unfilled: () => [...known.values()].filter(({ uses }) => uses > 0),
  }
}

const reserved =
  'a value here looks like the stand-in of a placeholder, such as xq7zj00; change it, or pass --set NAME=VALUE for the placeholder'

const tooMany = `there are more than ${maxStandIns.toLocaleString('en')} placeholders without a value up to here; pass fewer files, or --set NAME=VALUE`

/** Puts back in plain data what the author wrote in place of stand-ins. An object without stand-ins is returned itself. */
export function restoreIn(value: unknown, restore: Placeholders['restore']): unknown {
  if (typeof value === 'string') return restore(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([key, member]) => [key, restoreIn(member, restore)] as const,
  )
  if (entries.every(([key, member]) => member === valueAt(value, key))) return value
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries)
}
