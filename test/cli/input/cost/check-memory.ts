import type { Test } from 'tap'
import { isFuzzing } from '../../../support/property-runs.ts'
import { commandLine, mebibyte } from './measured-check.ts'

/** docs/specification.md, "Command line": 160 MiB for a file of up to 4 MiB. A sixteenth takes up to 50 MiB. */
const maxMebibytes = { whole: 160, part: 100 }

type Exit = 0 | 1 | 2

/** A text that is expensive to read, and whether it is read or refused, or read in part and refused as a whole. */
export type Shape = readonly [
  name: string,
  exit: Exit | readonly [part: Exit, whole: Exit],
  make: (length: number) => string,
]

/** Asserts that `check` takes at most 40 times the memory of a file of each shape. `npm test` tries the first one only. */
export function checkMemory(t: Test, shapes: readonly Shape[]): void {
  const { check } = commandLine(t.testdir())
  const empty = check('')
  for (const [name, exit, make] of isFuzzing ? shapes : shapes.slice(0, 1)) {
    const [part, whole] = typeof exit === 'number' ? [exit, exit] : exit
    // A file that is read takes a second or more for each MiB. One that is refused takes little.
    const size = part === 2 || isFuzzing ? 'whole' : 'part'
    const text = make((size === 'whole' ? 4 : 1 / 4) * mebibyte)
    const measure = () => {
      const { kibibytes, ...end } = check(text)
      return { ...end, mebibytes: (kibibytes - empty.kibibytes) / 1024 }
    }
    const first = measure()
    // If other processes have the cores, V8 collects garbage later.
    const { mebibytes, exitCode, stderr } =
      first.mebibytes <= maxMebibytes[size] ? first : measure()
    t.ok(mebibytes <= maxMebibytes[size], `${name}: ${mebibytes.toFixed(0)} MiB`)
    t.equal(exitCode, size === 'whole' ? whole : part, `${name}: ${stderr.slice(0, 200)}`)
  }
}
