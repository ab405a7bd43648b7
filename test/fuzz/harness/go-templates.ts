import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { buildGoProgram } from './build-go-program.ts'

export interface GoResult {
  readonly bytes: Uint8Array
  /** Empty if the template worked. */
  readonly error: string
}

export type GoTemplates = (
  template: string,
  data: ReadonlyMap<string, Uint8Array>,
) => Promise<GoResult>

/** Builds and starts a program that renders templates with Go's text/template and sprig. */
export async function startGoTemplates(t: Test): Promise<GoTemplates> {
  const program = await buildGoProgram(t, 'go-template')
  const go = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => go.kill())
  const lines = createInterface({ input: go.stdout })[Symbol.asyncIterator]()
  return async (template, data) => {
    const encoded = [...data].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')])
    go.stdin.write(`${JSON.stringify({ template, data: Object.fromEntries(encoded) })}\n`)
    const line = await lines.next()
    const { text, error } = JSON.parse(line.value ?? '{}')
    return { bytes: Buffer.from(text, 'base64'), error }
  }
}
