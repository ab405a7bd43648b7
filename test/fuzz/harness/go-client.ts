import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { goBuild, goProblem } from '../../cluster/parts/go-build.ts'

/** Reviews that some workers send in turns, on connections that they share. */
export interface GoGroup {
  readonly name: string
  readonly workers: number
  /** How many requests all workers send together. */
  readonly requests: number
  /** How long each worker waits between two requests. */
  readonly pauseMs: number
  readonly bodies: readonly string[]
}

export interface GoResult {
  readonly name: string
  readonly passed: number
  readonly largestBytes: number
  /** How many requests failed, by the error. */
  readonly failures: Readonly<Record<string, number>>
}

export type GoClient = (job: {
  readonly url: string
  readonly ca: string
  readonly groups: readonly GoGroup[]
}) => Promise<readonly GoResult[]>

/**
 * Builds a program that posts reviews with Go's net/http, as API servers do.
 *
 * @returns a string with the reason if Go isn't available
 */
export async function buildGoClient(t: Test): Promise<GoClient | string> {
  const problem = await goProblem(process.env)
  if (problem !== undefined) return problem
  const folder = await mkdtemp(join(tmpdir(), 'go-client-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const output = join(folder, 'go-client')
  const complaint = await goBuild({
    folder: join(import.meta.dirname, '../go-client'),
    target: '.',
    output,
    tags: '',
    linkerFlags: '',
    env: process.env,
  })
  if (complaint !== undefined) throw new Error(complaint)
  return async (job) => {
    const client = spawn(output, { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => client.kill())
    client.stdin.end(JSON.stringify(job))
    return (await json(client.stdout)) as readonly GoResult[]
  }
}
