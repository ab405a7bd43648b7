import { parseEnv } from 'node:util'
import { InputError } from '../../../command/input-error.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { describeSource } from '../text/file-error.ts'
import { readText } from '../text/read-text.ts'
import type { Placeholders } from './placeholders.ts'

/** What a user says that placeholders stand for. */
export interface GivenValues {
  /** `NAME=VALUE` each. They count more than those of files. */
  readonly set?: readonly string[]
  /** Files of such lines. Of two values of a name, the last one counts. */
  readonly fromEnvFile?: readonly string[]
}

/**
 * Reads the values of placeholders, by name.
 *
 * @throws InputError when a file can't be read, or something isn't a value. No value is part of the message.
 */
export function readGivenValues({
  set = [],
  fromEnvFile = [],
}: GivenValues): ReadonlyMap<string, string> {
  return new Map([
    ...fromEnvFile.flatMap((file) =>
      Object.entries(parseEnv(readText(file))).map(([name, value = '']) =>
        checked(name, value, describeSource(file)),
      ),
    ),
    ...set.map((text) => {
      const at = text.indexOf('=')
      if (at > 0) return checked(text.slice(0, at), text.slice(at + 1), '--set')
      throw new InputError('--set: expected NAME=VALUE, such as --set VAULT=team-a')
    }),
  ])
}

/** Lines for a command that needs all values: the placeholders without one, and the values without a placeholder. */
export const mismatchLines = (
  given: GivenValues,
  placeholders: Placeholders,
): readonly string[] => [...unfilledLines(placeholders), ...unusedLines(given, placeholders)]

function unfilledLines(placeholders: Placeholders): readonly string[] {
  const texts = placeholders.unfilled().map(({ text }) => text)
  return texts.length === 0
    ? []
    : [
        `warning: no value for ${listNames(texts, maxNamed)}; pass --set NAME=VALUE or --from-env-file FILE`,
      ]
}

/** A line for each value that nothing needs, because its name may be misspelt. Files may have values for other purposes. */
export const unusedLines = (
  { set = [] }: GivenValues,
  { hasFound }: Pick<Placeholders, 'hasFound'>,
): readonly string[] =>
  [...new Set(set.map((text) => text.slice(0, text.indexOf('='))))]
    .filter((name) => !hasFound(name))
    .map(
      (name) =>
        `warning: --set ${printable(name)}: no placeholder that is looked at in these files has this name`,
    )

const maxNamed = 10

/** As long as a URL or a list may be. */
const maxValueLength = 2000

function checked(name: string, value: string, where: string): readonly [string, string] {
  if (value.length <= maxValueLength && !/\p{Cc}/u.test(value)) return [name, value]
  throw new InputError(
    `${where}: the value of ${printable(name)} is longer than ${maxValueLength} characters, or has a line break or another control character; expected text on one line`,
  )
}
