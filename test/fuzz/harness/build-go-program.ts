import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { goBuild } from '../../cluster/parts/go-build.ts'

/**
 * Builds the Go program in a folder of test/fuzz, until the test ends.
 *
 * @returns the program's file
 * @throws Error if the program can't be built
 */
export async function buildGoProgram(t: Test, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  t.teardown(() => rm(folder, { recursive: true }))
  const output = join(folder, name)
  const complaint = await goBuild({
    folder: join(import.meta.dirname, '..', name),
    target: '.',
    output,
    tags: '',
    linkerFlags: '',
    env: process.env,
  })
  if (complaint !== undefined) throw new Error(complaint)
  return output
}
