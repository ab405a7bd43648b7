#!/usr/local/bin/node --disable-sigusr1
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freshMark } from '../delivery/contract.ts'

/** `-e`: the path exists. `-s`: it is a file that isn't empty. */
type Operator = '-e' | '-s'

/**
 * How long one probe waits. The probe's `timeoutSeconds` is longer, so the kubelet shows our message. A readiness probe asks for
 * `-s`. The kubelet repeats it only after its period, and nothing notices the start gate meanwhile, so it waits longer.
 */
const maxWaitMs: Readonly<Record<Operator, number>> = { '-e': 10_000, '-s': 600_000 }
const pollMs = 20

/** What a finished probe prints, if anything, and the code it exits with. */
interface ProbeResult {
  readonly exitCode: 0 | 1 | 2
  readonly message?: string
}

interface Condition {
  readonly operator: Operator
  readonly path: string
}

/** Conditions that all have to be true, or a number of seconds that have to pass. */
interface Expression {
  readonly conditions: readonly Condition[]
  readonly orSeconds?: number
}

/**
 * The probes and the `postStart` hook of the sidecar. The image carries it as `/usr/bin/test`, and the webhook writes such
 * commands:
 *
 * - `test -e PATH`: the startup probe. It never changes, so that images and webhooks of different versions work together.
 * - `test -s GATE -o SECONDS`: the hook. It waits for the start gate or for this time, and passes in any case, as the operands of
 *   `test` say: the text `SECONDS` isn't empty.
 * - `test -s GATE` and `test -s GATE -a -e PATH`: the readiness probe of a sidecar with a start gate.
 *
 * Each failed probe is a Warning event on the pod. `test` would fail once a second until everything is written, so this
 * program waits instead.
 *
 * @param waitMs - replaces the time that each operator waits
 */
export async function awaitFiles(args: readonly string[], waitMs?: number): Promise<ProbeResult> {
  const expression = parse(args)
  if (expression === undefined)
    return { exitCode: 2, message: 'usage: test (-e|-s) PATH [-a (-e|-s) PATH]... [-o SECONDS]' }
  const { conditions, orSeconds } = expression
  for (const { operator, path } of conditions) {
    const limitMs = waitMs ?? (orSeconds === undefined ? maxWaitMs[operator] : orSeconds * 1000)
    if (await isMet({ operator, path }, limitMs)) continue
    return orSeconds === undefined ? { exitCode: 1, message: failure(path) } : { exitCode: 0 }
  }
  return { exitCode: 0 }
}

function parse(args: readonly string[]): Expression | undefined {
  const [operator, path = '', joint, ...rest] = args
  if ((operator !== '-e' && operator !== '-s') || path === '') return undefined
  const condition: Condition = { operator, path }
  if (joint === undefined) return { conditions: [condition] }
  if (joint === '-o') {
    const [seconds = '', ...more] = rest
    return /^\d{1,3}$/.test(seconds) && more.length === 0
      ? { conditions: [condition], orSeconds: Number(seconds) }
      : undefined
  }
  const others = joint === '-a' ? parse(rest) : undefined
  return others && { ...others, conditions: [condition, ...others.conditions] }
}

async function isMet({ operator, path }: Condition, limitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    const file = statSync(path, { throwIfNoEntry: false })
    if (file !== undefined && (operator === '-e' || file.size > 0)) return true
    if (performance.now() >= deadlineMs) return false
    await delay(pollMs)
  }
}

const failure = (path: string): string =>
  `${basename(path) === freshMark ? 'the objects have been stale for too long' : 'not everything is written yet'}; the log of container akv-injector says why`

if (import.meta.main)
  void awaitFiles(process.argv.slice(2)).then(({ exitCode, message }) => {
    if (message !== undefined) process.stdout.write(`${message}\n`)
    process.exitCode = exitCode
  })
