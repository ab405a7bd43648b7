import { printable } from '../../lib/printable.ts'
import type { Parsed } from '../../lib/problems/parsed.ts'
import { maxProblems, type Problem } from '../../lib/problems/problem.ts'
import {
  type Annotations,
  annotationPrefix,
  ownPath,
  valueProblem,
} from './keys/own-annotations.ts'

/** Annotations that hold a single value, and the parser of each. */
export type ValueTable = Readonly<Record<string, (text: string) => Parsed<unknown>>>

/** The values that the parsers of a table give. */
export type ValuesOf<Table extends ValueTable> = {
  readonly [Key in keyof Table]?: Extract<
    ReturnType<Table[Key]>,
    { readonly value: unknown }
  >['value']
}

/**
 * Reads the annotations that hold a single value.
 *
 * @param reading - `isReadElsewhere`: keys to skip; `unknownKey`: gives the sentence about a key that isn't in the table
 */
export function readValues<Table extends ValueTable>(
  annotations: Annotations,
  reading: {
    readonly table: Table
    readonly isReadElsewhere: (key: string) => boolean
    readonly unknownKey: (key: string) => string
  },
): { values: ValuesOf<Table>; problems: Problem[] } {
  const { table, isReadElsewhere, unknownKey } = reading
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const key of Object.keys(annotations)) {
    if (isReadElsewhere(key)) continue
    if (problems.length >= maxProblems) break
    const parse = Object.hasOwn(table, key) ? table[key] : undefined
    if (parse === undefined) {
      const subject = annotationPrefix + printable(key)
      problems.push({ path: ownPath(key), subject, sentence: unknownKey(key) })
      continue
    }
    const parsed = parse(annotations[key] as string)
    if (parsed.kind === 'valid') values[key] = parsed.value
    else problems.push(valueProblem(annotations, key, parsed.problem))
  }
  return { values: values as ValuesOf<Table>, problems }
}
