import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { buildGoProgram } from './build-go-program.ts'

/** A question to the program in go-originals: what to do, and the text to do it with. */
interface Question {
  readonly reader: 'template' | 'property' | 'extract' | 'object' | 'rewrite' | 'convert' | 'window'
  readonly text: string
  readonly path?: string
  /** Of a window: its duration, and when it is looked at. */
  readonly lasts?: string
  readonly at?: string
  readonly data?: Readonly<Record<string, string>>
  /** Of a rewrite, as an ExternalSecret writes them. */
  readonly operations?: readonly object[]
}

/**
 * Builds and starts the program in test/fuzz/go-originals, which answers each line of JSON with another.
 *
 * @returns a function that asks it
 */
export async function startGoOriginals(t: Test): Promise<(question: Question) => Promise<unknown>> {
  const go = spawn(await buildGoProgram(t, 'go-originals'), { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => go.kill())
  const lines = createInterface({ input: go.stdout })[Symbol.asyncIterator]()
  return async (question) => {
    go.stdin.write(`${JSON.stringify(question)}\n`)
    const line = await lines.next()
    return JSON.parse(line.value ?? '{}')
  }
}
