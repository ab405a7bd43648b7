import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { program, startsFast } from '../../../support/start-fast/bundles.ts'
import { mebibyte } from './large-texts.ts'

/** docs/specification.md, "Command line": what a file of up to 4 MiB may take, and what `check` takes without a file. */
const heapMebibytes = 160 + 20

/** A text that is expensive to read, and how `check` exits. */
export type Shape = readonly [name: string, exit: 0 | 1 | 2, make: (length: number) => string]

/**
 * Asserts that a heap of 40 times a file's size is enough for `check`. The memory that a process takes would be no measure:
 * V8 collects garbage when it finds the time, but always before it exceeds a limit.
 */
export function checkHeap(t: Test, shapes: readonly Shape[]): void {
  const file = join(t.testdir(), 'in.yaml')
  for (const [name, exit, make] of shapes) {
    writeFileSync(file, make(4 * mebibyte))
    const { status, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${heapMebibytes}`, ...startsFast, program, 'check', file],
      { encoding: 'utf8', maxBuffer: 2 ** 30, env: { ...process.env, NODE_OPTIONS: '' } },
    )
    t.equal(status, exit, `${name}: ${stderr.slice(0, 200)}`)
  }
}
