import type { Parsed } from '../../../lib/parsed.ts'
import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problem.ts'
import { maxProblems } from '../outcome.ts'
import type { Annotations } from './read-pod-annotations.ts'
import { annotationPrefix } from './vocabulary.ts'
import { parseBoolean } from './words.ts'

/** Annotations with one value each, and how each is read. */
export type SettingTable = Readonly<Record<string, (text: string) => Parsed<unknown>>>

export type SettingValues<Table extends SettingTable> = {
  readonly [Key in keyof Table]?: Extract<
    ReturnType<Table[Key]>,
    { readonly value: unknown }
  >['value']
}

/**
 * Reads annotations of one value each.
 *
 * @param own - prefix removed
 * @param reading - `isOther`: keys that are read elsewhere; `strangeKey`: what to say to a key that isn't known here
 */
export function readSettings<Table extends SettingTable>(
  own: Annotations,
  reading: {
    readonly table: Table
    readonly isOther: (key: string) => boolean
    readonly strangeKey: (key: string) => string
  },
): { values: SettingValues<Table>; problems: Problem[] } {
  const { table, isOther, strangeKey } = reading
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const key of Object.keys(own)) {
    if (isOther(key)) continue
    if (problems.length >= maxProblems) break
    const parse = Object.hasOwn(table, key) ? table[key] : undefined
    if (parse === undefined) {
      problems.push({ subject: annotationPrefix + printable(key), sentence: strangeKey(key) })
      continue
    }
    const parsed = parse(own[key] as string)
    if ('value' in parsed) values[key] = parsed.value
    else problems.push(problemOf(own, key, parsed.problem))
  }
  return { values: values as SettingValues<Table>, problems }
}

/** A problem with the value of an annotation. */
export function problemOf(own: Annotations, key: string, sentence: string): Problem {
  return { subject: annotationPrefix + key, found: printable(own[key] ?? ''), sentence }
}

/** True where `inject` is "false": then nothing else counts. */
export function isTurnedOff({ inject }: Annotations): boolean {
  const parsed = inject === undefined ? undefined : parseBoolean(inject)
  return parsed !== undefined && 'value' in parsed && !parsed.value
}

/** The API server allows 256 KiB of annotations; others who call us allow anything. */
const maxCharacters = 256 * 1024

export function sizeProblems(own: Annotations): readonly Problem[] {
  const size = Object.entries(own).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  return size <= maxCharacters
    ? []
    : [
        {
          subject: 'metadata.annotations',
          sentence: `${size} characters are too many: 256 KiB at most`,
        },
      ]
}
