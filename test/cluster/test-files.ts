import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The files of the cluster tests, by what they need. */
export interface TestFiles {
  /** Those that need only an API server. */
  readonly plain: readonly string[]
  /** Those in the folder `node`, which need a node too. */
  readonly onNode: readonly string[]
}

/** Takes the whole machine (`npm run soak`). */
const alone = 'test/cluster/sync/soak.test.ts'

/** Take about as long as all others of their kind. */
const longOnes = /cluster\/(sync\/|node\/outages\/|node\/playground\.)/

/** Divides files into lanes that run at a time, each on a cluster of its own. */
export function lanesOf(files: readonly string[]): readonly (readonly string[])[] {
  return [...Map.groupBy(files, (name) => longOnes.test(name)).values()]
}

/** Returns the named tests, or all but the one that runs alone. */
export function testFiles(named: readonly string[] = []): TestFiles {
  const all = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test/cluster', name))
    .filter((name) => name !== alone)
    .sort()
  const wanted = named.length > 0 ? named : all
  const isOnNode = (name: string) => name.includes('cluster/node/')
  return {
    plain: wanted.filter((name) => !isOnNode(name)),
    onNode: wanted.filter(isOnNode),
  }
}
