#!/usr/local/bin/node
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freshMark } from '../delivery/contract.ts'

/** How long one probe waits. The probe's `timeoutSeconds` is longer, so the kubelet shows our message. */
const maxWaitMs = 10_000
const pollMs = 20

/** What a finished probe prints, if anything, and the code it exits with. */
interface ProbeResult {
  readonly exitCode: 0 | 1 | 2
  readonly message?: string
}

/**
 * The startup probe of the sidecar, and the readiness probe of pods with `stale-after`. The image carries it as
 * `/usr/bin/test`, and the webhook's probe runs `/usr/bin/test -e PATH`: with that command, images and webhooks of different
 * versions work together.
 *
 * Each failed probe is a Warning event on the pod. `test` would fail once a second until everything is written, so this
 * program waits for the path instead.
 *
 * @param args - `-e` and the path, which appears when everything is written
 */
export async function awaitFiles(
  args: readonly string[],
  waitMs = maxWaitMs,
): Promise<ProbeResult> {
  const [operator, path = '', ...rest] = args
  if (operator !== '-e' || path === '' || rest.length > 0)
    return { exitCode: 2, message: 'usage: test -e PATH' }
  const deadlineMs = performance.now() + waitMs
  while (!existsSync(path)) {
    if (performance.now() >= deadlineMs)
      return {
        exitCode: 1,
        message: `${basename(path) === freshMark ? 'the objects have been stale for too long' : 'not everything is written yet'}; the log of container akv-injector says why`,
      }
    await delay(pollMs)
  }
  return { exitCode: 0 }
}

if (import.meta.main) {
  const { exitCode, message } = await awaitFiles(process.argv.slice(2))
  if (message !== undefined) process.stdout.write(`${message}\n`)
  process.exitCode = exitCode
}
