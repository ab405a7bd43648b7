import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { buildGoProgram } from './build-go-program.ts'

/**
 * Builds and starts a program in a folder of test/fuzz that answers each line of JSON with another.
 *
 * @returns a function that asks it
 */
export async function startGoProgram(
  t: Test,
  name: string,
): Promise<(question: object) => Promise<unknown>> {
  const go = spawn(await buildGoProgram(t, name), { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => go.kill())
  const lines = createInterface({ input: go.stdout })[Symbol.asyncIterator]()
  return async (question) => {
    go.stdin.write(`${JSON.stringify(question)}\n`)
    const line = await lines.next()
    return JSON.parse(line.value ?? '{}')
  }
}
