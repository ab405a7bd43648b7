import { dirname, join, normalize } from 'node:path'

export interface Imported {
  /** A path from the root, the name of a package, or {@link unknownImport}. */
  readonly name: string
  readonly isType: boolean
}

/** The name of an import that is only known when it runs, such as `import(name)`. */
export const unknownImport = 'import(…)'

const forms = [
  // Only a comment between the names may have quotes.
  /^[ \t]*(?:import|export)\s+(?:(?<type>type\s)?(?:\/\/.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/|[^'"/])*?\sfrom\s+)?['"](?<name>[^'"\n]+)['"]/gm,
  /\bimport\(\s*(?:['"`](?<name>[^'"`$\n]+)['"`]\s*[,)])?/g,
  // Other ways to load a source.
  /\b(?:require|resolve|URL|createRequire\([^()]*\))\(\s*['"`](?<name>\.[^'"`$\n]+\.ts)['"`]/g,
]

/** Lists what the text of a file imports, now or later. */
export function importsOf(path: string, text: string): readonly Imported[] {
  return forms
    .flatMap((form) => [...text.matchAll(form)])
    .map(({ groups = {} }) => {
      const { type, name = unknownImport } = groups
      return {
        name: name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
        isType: type !== undefined,
      }
    })
}
