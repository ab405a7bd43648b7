import type { Test } from 'tap'
import { commandLine, mebibyte } from './measured-check.ts'

/** docs/specification.md, "Command line": for a file of up to 4 MiB. */
const maxMebibytes = 160

/** A text that is expensive to read, and whether it is read or refused. */
export type Shape = readonly [name: string, exit: 0 | 1 | 2, make: (length: number) => string]

/** Asserts that `check` takes at most 40 times the memory of a file of each shape. */
export function checkMemory(t: Test, shapes: readonly Shape[]): void {
  const { check } = commandLine(t.testdir())
  const empty = check('')
  for (const [name, exit, make] of shapes) {
    const text = make(4 * mebibyte)
    const measure = () => {
      const { kibibytes, ...end } = check(text)
      return { ...end, mebibytes: (kibibytes - empty.kibibytes) / 1024 }
    }
    const first = measure()
    // If other processes have the cores, V8 collects garbage later.
    const { mebibytes, exitCode, stderr } = first.mebibytes <= maxMebibytes ? first : measure()
    t.ok(mebibytes <= maxMebibytes, `${name}: ${mebibytes.toFixed(0)} MiB`)
    t.equal(exitCode, exit, `${name}: ${stderr.slice(0, 200)}`)
  }
}
