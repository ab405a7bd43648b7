import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of one of the files in `manifests/examples`, from the current folder. */
export function example(name: string): string {
  return relative('', fileURLToPath(new URL(`../manifests/examples/${name}`, import.meta.url)))
}
