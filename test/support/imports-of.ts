import { dirname, join, normalize } from 'node:path'

export interface Imported {
  /** A path from the root, or the name of a package. */
  readonly name: string
  readonly isType: boolean
}

/** Lists what the text of a file imports, now or later. */
export function importsOf(path: string, text: string): readonly Imported[] {
  const found = text.matchAll(
    /^(?:import|export)\s+(?:(type\s)?[^'"]*?from\s+)?'([^']+)'|import\('([^']+)'\)/gm,
  )
  return [...found].map(([, type, name = '', dynamic = name]) => ({
    name: dynamic.startsWith('.') ? normalize(join(dirname(path), dynamic)) : dynamic,
    isType: type !== undefined,
  }))
}
