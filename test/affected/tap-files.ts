import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isApart } from '../support/together/is-apart.ts'

const root = join(import.meta.dirname, '../..')

/** Tests with a command of their own, such as `npm run fuzz`, which `npm test` leaves out, too. */
const hasOwnCommand = (test: string): boolean =>
  /^test\/(?:cluster|fuzz)\/|\/cost\/|^test\/(?:(?:prove|release)\/slow|web\/browser)\//.test(test)

/**
 * What tap is given to run these tests: `all.ts` of a folder, which then runs only the chosen ones in one process, and the files
 * that have a process of their own.
 */
export function tapFiles(tests: readonly string[]): {
  readonly files: readonly string[]
  readonly chosen: readonly string[]
} {
  const ours = tests.filter((test) => !hasOwnCommand(test))
  const isTogether = (test: string) => !isApart(test) && existsSync(join(root, allOf(test)))
  const chosen = ours.filter(isTogether)
  const files = new Set(ours.map((test) => (isTogether(test) ? allOf(test) : test)))
  return { files: [...files], chosen }
}

const allOf = (test: string): string => `${test.split('/').slice(0, 2).join('/')}/all.ts`
