import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of a file in `manifests/examples`, relative to the current folder. */
export function example(name: string): string {
  return relative('', fileURLToPath(new URL(`../../manifests/examples/${name}`, import.meta.url)))
}
