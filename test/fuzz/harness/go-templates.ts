import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { goBuild, goProblem } from '../../cluster/parts/go-build.ts'

export interface GoResult {
  readonly bytes: Uint8Array
  /** Empty if the template worked. */
  readonly error: string
}

export type GoTemplates = (
  template: string,
  data: ReadonlyMap<string, Uint8Array>,
) => Promise<GoResult>

/**
 * Builds and starts a program that renders templates with Go's text/template and sprig.
 *
 * @returns a string with the reason if Go isn't available
 */
export async function startGoTemplates(t: Test): Promise<GoTemplates | string> {
  const problem = await goProblem(process.env)
  if (problem !== undefined) return problem
  const folder = await mkdtemp(join(tmpdir(), 'go-template-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const output = join(folder, 'go-template')
  const complaint = await goBuild({
    folder: join(import.meta.dirname, '../go-template'),
    target: '.',
    output,
    tags: '',
    linkerFlags: '',
    env: process.env,
  })
  if (complaint !== undefined) throw new Error(complaint)
  const go = spawn(output, { stdio: ['pipe', 'pipe', 'inherit'] })
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
