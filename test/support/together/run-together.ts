import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import root from 'tap'
import { keepProcess } from '../keep-process.ts'
import { setCurrentTest } from './current-test.ts'
import { isApart } from './is-apart.ts'

/**
 * Runs all test files of a folder in this process, one after another, each as a subtest with the file's name. Starting a
 * process, tap and the packages takes longer than the tests of most files.
 */
export async function runTogether(folder: string): Promise<void> {
  importCurrentTest()
  // ext4 takes long to create files where others were deleted in the last seconds. So the folders of tests stay until the next
  // `npm test`.
  process.env['TAP_SAVE_FIXTURE'] = '1'
  const timeoutMs = root.options.timeout ?? 0
  const files = globSync(`${relative(process.cwd(), folder)}/**/*.test.ts`).toSorted()
  const chosen = process.env['TEST_FILES']?.split('\n')
  // Programs that tests start may run tests, too.
  delete process.env['TEST_FILES']
  for (const file of files) {
    if (isApart(file) || chosen?.includes(file) === false) continue
    // A test that ran out of time ends all.
    if (root.results) return
    // tap's limit is for one file.
    root.setTimeout(timeoutMs)
    await root.test(file, async (t) => {
      // tap writes a test's name before its first line, and must name a file that ends the process.
      t.comment('starts')
      t.teardown(keepProcess())
      // The same as in a process of its own.
      t.testdirName = resolve('.tap/fixtures', file.replaceAll(/[^\w.-]+/g, '-'))
      setCurrentTest(t)
      await import(pathToFileURL(resolve(file)).href)
    })
  }
  root.setTimeout(0)
}

/** Makes `tap` the current file's test for all modules that are loaded from now on. */
function importCurrentTest(): void {
  const url = new URL('current-test.ts', import.meta.url).href
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === 'tap'
        ? { url, format: 'module-typescript', shortCircuit: true }
        : nextResolve(specifier, context),
  })
}
