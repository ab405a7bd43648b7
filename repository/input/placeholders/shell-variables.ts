import type { Placeholder, Placeholders } from './placeholders.ts'
import { marks } from './stand-in.ts'

/** Commands in which each placeholder without a value is a variable. */
export interface ShellText {
  readonly lines: readonly string[]
  /** Their names, and what their values are, in words. */
  readonly variables: readonly { readonly name: string; readonly meaning: string }[]
}

/**
 * Puts variables of a POSIX shell in place of stand-ins, in quotes, because what the author wrote could mean something else to
 * a shell. Comments get what the author wrote, unless they are commands that somebody may run.
 */
export function withVariables(lines: readonly string[], placeholders: Placeholders): ShellText {
  const commands = lines.filter((line) => !isComment(line)).join('\n')
  const names = new Map<string, string>()
  const variables = [...placeholders.marksIn(commands)].map(([mark, { placeholder, shape }]) => {
    const name = nameFor(placeholder, new Set(names.values()))
    names.set(mark, name)
    const meaning = `${shape === 'url' ? 'the name of the vault' : 'the value'} of ${placeholder.text}`
    return { name, meaning }
  })
  return {
    lines: lines.map((line) =>
      isComment(line) ? placeholders.restore(line) : replaceMarks(line, names),
    ),
    variables,
  }
}

const isComment = (line: string): boolean => /^#(?! kubectl )/.test(line)

/** A name that no program reads: a placeholder may be called `PATH`. */
function nameFor({ name }: Placeholder, taken: ReadonlySet<string>): string {
  const base = `PLACEHOLDER_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
  let unique = base
  for (let count = 2; taken.has(unique); count++) unique = `${base}_${count}`
  return unique
}

/** Replaces the stand-ins in one command, which has no single quotes around any of them. */
function replaceMarks(line: string, names: ReadonlyMap<string, string>): string {
  const contexts = ['bare']
  let replaced = ''
  let copiedTo = 0
  for (const { 0: token, index } of line.matchAll(shellToken)) {
    const context = contexts.at(-1)
    const name = names.get(token)
    if (name !== undefined) {
      const variable = context === 'quoted' ? `\${${name}}` : `"\${${name}}"`
      replaced += line.slice(copiedTo, index) + variable
      copiedTo = index + token.length
    } else if (token === '"' && context === 'quoted') contexts.pop()
    else if (token === '"') contexts.push('quoted')
    else if (token === '$(') contexts.push('bare')
    else if (token === ')' && context === 'bare' && contexts.length > 1) contexts.pop()
  }
  return replaced + line.slice(copiedTo)
}

const shellToken = new RegExp(`${marks.source}|"|\\$\\(|\\)`, 'g')
