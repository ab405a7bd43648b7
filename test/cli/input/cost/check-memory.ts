import type { Test } from 'tap'
import { commandLine, mebibyte } from './measured-check.ts'

/** docs/specification.md, "Command line". */
const maxRatio = 40

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
      return { ...end, ratio: ((kibibytes - empty.kibibytes) * 1024) / text.length }
    }
    const first = measure()
    // If other processes have the cores, V8 collects garbage later.
    const { ratio, exitCode, stderr } = first.ratio <= maxRatio ? first : measure()
    t.ok(ratio <= maxRatio, `${name}: ${ratio.toFixed(1)} times`)
    t.equal(exitCode, exit, `${name}: ${stderr.slice(0, 200)}`)
  }
}
