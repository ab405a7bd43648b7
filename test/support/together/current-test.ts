/** What the test files of a folder import as `tap` if they run in one process. */

import root, { type Test } from 'tap'

let current: Test = root

/** Makes a test the one that files import from now on. */
export function setCurrentTest(t: Test): void {
  current = t
}

// biome-ignore lint/style/noDefaultExport: tap's is one.
export { current as default }
