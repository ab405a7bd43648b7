import { spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { buildGoProgram } from './build-go-program.ts'

/** Reviews that some workers send in turns, on connections that they share. */
export interface GoGroup {
  readonly name: string
  readonly workers: number
  /** How many requests all workers send together. */
  readonly requests: number
  /** Whether each worker goes on until `until` resolves, and sends one more request then. */
  readonly untilEnd?: boolean
  /** How long each worker waits between two requests. */
  readonly pauseMs: number
  readonly bodies: readonly string[]
}

export interface GoResult {
  readonly name: string
  readonly passed: number
  readonly largestBytes: number
  /** How many connections carried the requests. */
  readonly connections: number
  /** How many requests failed, by the error. */
  readonly failures: Readonly<Record<string, number>>
}

export type GoClient = (job: {
  readonly url: string
  readonly ca: string
  readonly groups: readonly GoGroup[]
  readonly until?: Promise<void>
}) => Promise<readonly GoResult[]>

/** Builds a program that posts reviews with Go's net/http, as API servers do. */
export async function buildGoClient(t: Test): Promise<GoClient> {
  const program = await buildGoProgram(t, 'go-client')
  return async ({ until, ...job }) => {
    const client = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => client.kill())
    client.stdin.write(JSON.stringify(job))
    const results = json(client.stdout)
    await until
    client.stdin.end()
    return (await results) as readonly GoResult[]
  }
}
