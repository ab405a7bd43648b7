import { valueAt } from '../../../lib/shape.ts'
import { FileError, type FilePosition } from '../text/file-error.ts'
import type { OpenChart } from './chart-gaps.ts'
import { createCutValues } from './cut-values.ts'
import { type FoundPlaceholder, findPlaceholders } from './find-placeholders.ts'
import { limitValues, type Substitutions } from './limit-values.ts'
import type { Shape } from './shape-in.ts'
import { type Marked, StandIns } from './stand-ins.ts'
import { valuesIn } from './values-in.ts'

/** A placeholder of the files that has no value. */
export interface Placeholder extends Pick<FoundPlaceholder, 'text' | 'name' | 'isExpression'> {
  /** Where it is used first. */
  readonly position: FilePosition
  readonly uses: number
  /** YAML reads it as a comment, because it isn't quoted. */
  readonly isComment: boolean
  /** Whether an object of ours has it, and not just one with an identity, which other programs use, too. */
  readonly isOurs: boolean
  /** The chart whose values leave something empty where the placeholder was put. Absent if the text is in the files. */
  readonly chart?: string
}

/** A text in which placeholders are replaced. */
interface FilledText {
  readonly text: string
  /** No placeholder was left to a stand-in. */
  readonly isFinal: boolean
}

/** A use of placeholders in a file. */
interface Use {
  readonly position: () => FilePosition
  /** Whether the placeholder matters for what a command reports, and this use wasn't counted before. */
  readonly counts: boolean
  readonly isComment: boolean
  /** Whether the object is ours. Absent: no. */
  readonly isOurs?: boolean
  /** The chart that lacks a value here, if the text isn't in the file. */
  readonly chart?: string
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
    shapeAt: (span: { readonly start: number; readonly end: number }) => Shape,
  ): FilledText | undefined
  /** The same placeholders, in a text that gives some of them values. The user's own values count more. */
  within(values: ReadonlyMap<string, string>): Placeholders
  /** The same placeholders, in what a chart gives that may lack values ({@link withGaps}). */
  inChart(chart: OpenChart): Placeholders
  /** That chart. */
  readonly chart?: OpenChart
  /** Reads a sentence about filled values. Whoever shows it does this once. */
  show(sentence: string): Shown
  /** Gives a value as its author wrote it. */
  restoreValue(value: string): string
  /** Gives a line for people, which may cut a value, with what the author wrote. */
  restore(line: string): string
  /** The placeholders in plain data, each once for each shape. */
  usedIn(data: unknown): readonly MarkedPlaceholder[]
  /** The parts of a text: what the author wrote, and placeholders. None is empty. */
  read(text: string): readonly (string | MarkedPlaceholder)[]
  /** Whether a placeholder of the files has this name. It may need more than a value. */
  hasFound(name: string): boolean
  /** The placeholders without a value that matter, in the order of the files. */
  unfilled(): readonly Placeholder[]
}

/** A sentence as people read it. */
interface Shown {
  /** With what the author wrote, as far as the sentence doesn't cut it. */
  readonly text: string
  /** The placeholders in it, or in a value that it cuts, each once. */
  readonly open: readonly Placeholder[]
}

/** A placeholder in a text. There is one object for each placeholder and shape. */
export type MarkedPlaceholder = Marked<Placeholder>

/** How a command treats placeholders. */
interface PlaceholderOptions {
  /** What the user says that they stand for, by name. */
  readonly values?: ReadonlyMap<string, string>
  /** What becomes of a placeholder without a value. `standIn` lets the rules read the rest of the object. */
  readonly unfilled: 'standIn' | 'kept'
  /** Keep `${X:=default}` open, because it is written again. */
  readonly ignoresDefaults?: boolean
}

/** How many characters the values that one text gives may add to it. */
const maxAdded = 16 * 1024 * 1024

/** Every command looks at each of them several times. */
const maxInValue = 100_000
const tooManyInValue = `a value has more than ${maxInValue.toLocaleString('en')} placeholders; leave this file out`

/** Returns a command's placeholders. They are found while it reads its files. */
export function createPlaceholders(options: PlaceholderOptions): Placeholders {
  const { values = new Map<string, string>() } = options
  const known = createKnown()
  const standIns = new StandIns<Placeholder>()
  const foundNames = new Set<string>()
  const cutValues = createCutValues<Placeholder>()
  const filledValue = (
    { name, fallback, isExpression }: FoundPlaceholder,
    more: Substitutions,
  ): string | undefined =>
    (isExpression ? undefined : (values.get(name) ?? more.get(name))) ??
    (options.ignoresDefaults ? undefined : fallback)
  const markedIn = (text: string): readonly MarkedPlaceholder[] =>
    standIns.read(text).filter((part) => typeof part !== 'string')

  const filling =
    (more: Substitutions): Placeholders['fill'] =>
    (text, use, shapeAt) => {
      const found = findPlaceholders(text)
      if (found.length > maxInValue) throw new FileError(use.position(), tooManyInValue)
      let count = 0
      const noted = new Set<Placeholder>()
      let end = 0
      const parts = found.map((placeholder) => {
        const { start, name } = placeholder
        if (values.has(name)) foundNames.add(name)
        const before = text.slice(end, start)
        end = start + placeholder.text.length
        const value = filledValue(placeholder, more)
        if (value !== undefined) return before + value
        const open = known.note(placeholder, use)
        noted.add(open)
        if (options.unfilled === 'kept') return before + placeholder.text
        count++
        return before + standIns.of(open, shapeAt({ start, end }), use)
      })
      const filled = parts.join('') + text.slice(end)
      if (options.unfilled === 'standIn') standIns.refuseOthers(filled, count, use)
      cutValues.add(filled, noted)
      return found.length === 0 ? undefined : { text: filled, isFinal: noted.size === 0 }
    }
  const all: Placeholders = {
    fill: filling(new Map()),
    within: (more) => ({ ...all, fill: filling(limitValues(more, maxAdded)) }),
    inChart: (chart) => ({ ...all, chart }),
    show(sentence) {
      const found = markedIn(sentence).map(({ placeholder }) => placeholder)
      return {
        text: standIns.restore(sentence),
        open: [...new Set([...found, ...cutValues.ownersIn(sentence)])],
      }
    },
    restoreValue: (value) => standIns.restoreValue(value),
    restore: (line) => standIns.restore(line),
    // The last texts come first.
    usedIn: (data) => [
      ...new Set(
        [...valuesIn(data)]
          .toReversed()
          .flatMap((text) => (typeof text === 'string' ? markedIn(text) : [])),
      ),
    ],
    read: (text) => standIns.read(text),
    hasFound: (name) => foundNames.has(name),
    unfilled: () => known.all().filter(({ uses }) => uses > 0),
  }
  return all
}

type Known = { -readonly [Key in keyof Placeholder]: Placeholder[Key] }

/** The placeholders without a value, by their texts. */
function createKnown() {
  const known = new Map<string, Known>()
  return {
    note(
      found: FoundPlaceholder,
      { position, counts, isComment, isOurs = false, chart }: Use,
    ): Placeholder {
      const { text, name, isExpression } = found
      const earlier = known.get(text)
      const placeholder = earlier ?? {
        text,
        name,
        ...(isExpression && { isExpression }),
        ...(chart !== undefined && { chart }),
        position: position(),
        uses: 0,
        isComment: false,
        isOurs: false,
      }
      known.set(text, placeholder)
      if (!counts) return placeholder
      if (earlier?.uses === 0) placeholder.position = position()
      placeholder.uses++
      placeholder.isComment ||= isComment
      placeholder.isOurs ||= isOurs
      return placeholder
    },
    all: (): readonly Placeholder[] => [...known.values()],
  }
}

/** Puts back in plain data what the author wrote in place of stand-ins. An object without stand-ins is returned itself. */
export function restoreIn(value: unknown, restore: Placeholders['restoreValue']): unknown {
  if (typeof value === 'string') return restore(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([key, member]) => [key, restoreIn(member, restore)] as const,
  )
  if (entries.every(([key, member]) => member === valueAt(value, key))) return value
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries)
}
