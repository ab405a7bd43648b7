import { mapTexts, type ScriptLine } from '../../../command/grants/script.ts'
import type { MarkedPlaceholder, Placeholder, Placeholders } from './placeholders.ts'

/** A script in which each placeholder without a value is a variable. */
export interface ShellText {
  readonly lines: readonly ScriptLine[]
  /** Their names, and what their values are, in words. */
  readonly variables: readonly { readonly name: string; readonly meaning: string }[]
}

/**
 * Puts variables of the shell in place of placeholders, because what the author wrote could mean something else to a shell.
 * Comments get what the author wrote, unless they are commands that somebody may run.
 */
export function withVariables(
  script: readonly ScriptLine[],
  { read, restore }: Placeholders,
): ShellText {
  const variables = new Map<MarkedPlaceholder, ShellText['variables'][number]>()
  const variableOf = (marked: MarkedPlaceholder) => {
    const { placeholder, shape } = marked
    const known = variables.get(marked)
    if (known !== undefined) return known
    const taken = new Set([...variables.values()].map(({ name }) => name))
    const meaning = `${shape === 'url' ? 'the name of the vault' : 'the value'} of ${placeholder.text}`
    const added = { name: nameFor(placeholder, taken), meaning }
    variables.set(marked, added)
    return added
  }
  const text = (written: string) =>
    read(written).map((part) =>
      typeof part === 'string'
        ? part
        : ({ variable: variableOf(part).name, isPlaceholder: true } as const),
    )
  const lines = script.map((line) => mapTexts(line, { text, comment: restore }))
  return { lines, variables: [...variables.values()] }
}

/** A name that no program reads: a placeholder may be called `PATH`. */
function nameFor({ name }: Placeholder, taken: ReadonlySet<string>): string {
  const base = `PLACEHOLDER_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
  let unique = base
  for (let count = 2; taken.has(unique); count++) unique = `${base}_${count}`
  return unique
}
