import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Texts } from './repository.ts'
import { root } from './run-command-line.ts'

/** A repository in the shape of public ones, and what the commands must say about it. */
export interface CorpusRepository {
  readonly name: string
  readonly files: Texts
  /** The paths of what is applied together, by the name of the environment. */
  readonly environments: Readonly<Record<string, readonly string[]>>
  /** The text of an expected output. Undefined if there is none. */
  expected(file: string): string | undefined
  /** Replaces an expected output. */
  expect(file: string, text: string): void
}

const corpus = join(root, 'test/fixtures/repositories')

/** All repositories of the corpus, sorted by name. */
export const corpusRepositories: readonly CorpusRepository[] = readdirSync(corpus, {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    name,
    files: textsBelow(join(corpus, name, 'repository')),
    environments: environmentsOf(join(corpus, name, 'environments.yaml')),
    expected(file: string) {
      const path = join(corpus, name, 'expected', file)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    },
    expect: (file: string, text: string) =>
      writeFileSync(join(corpus, name, 'expected', file), text),
  }))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** Without the file, everything is applied together. */
function environmentsOf(file: string): CorpusRepository['environments'] {
  return existsSync(file) ? parse(readFileSync(file, 'utf8')) : { everything: ['.'] }
}

function textsBelow(folder: string): Texts {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .toSorted()
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )
}
