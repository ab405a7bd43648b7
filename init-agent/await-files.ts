import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 20

/**
 * The sidecar's startup probe. The kubelet records a Warning event for each probe that fails, so this one waits for the
 * files instead of looking once. It fails before the kubelet would end it, so that the event says what the pod waits for.
 *
 * @param link - appears when everything is written
 * @returns whether it appeared in time
 */
export async function awaitFiles(link: string, waitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs
  while (!existsSync(link)) {
    if (!(performance.now() < deadlineMs)) return false
    await delay(pollMs)
  }
  return true
}

// `await-files.js LINK SECONDS`
if (import.meta.main) {
  const [link = '', seconds] = process.argv.slice(2)
  if (!(await awaitFiles(link, Number(seconds) * 1000))) {
    process.stdout.write(
      'not everything is written yet; the log of container akv-injector says why\n',
    )
    process.exitCode = 1
  }
}
