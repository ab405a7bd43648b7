/** tap's reporter (`.taprc`): prints a short report of the TAP that comes on standard input. */

import { createInterface } from 'node:readline'
import { createTapSummary } from './summarize-tap.ts'

const summarize = createTapSummary({ showsFiles: process.stdout.isTTY })
// The report may be cut short (`| head`), but the tests must not be.
process.stdout.on('error', () => undefined)
for await (const line of createInterface({ input: process.stdin }))
  for (const printed of summarize(line)) process.stdout.write(`${printed}\n`)
