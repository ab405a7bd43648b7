import { readFileSync } from 'node:fs'
import { describeProblems } from '../lib/problems/problem.ts'
import { runUntilSignal, untilAborted } from '../lib/server/run-until-signal.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { readSettings } from '../requests/administrator/settings/read-settings.ts'
import { inClusterAccess } from './api-server/api-access.ts'
import { startWebhook } from './http/start-webhook.ts'

/**
 * Runs `akv-injector webhook`: serves until SIGTERM or SIGINT, then drains. A second signal ends the process at once.
 *
 * @returns the exit code: 0 after a signal, 1 if it can't listen, 2 if the settings aren't valid
 */
export async function webhookMain(env = process.env): Promise<number> {
  const read = readSettings({ env, readFile: (path) => readFileSync(path, 'utf8') })
  if (read.kind === 'invalid') return refuse(describeProblems(read.problems))
  const access = read.value.csi === 'none' ? undefined : inClusterAccess(env)
  if (access?.kind === 'invalid') return refuse([`  ${access.problem}`])

  return await runUntilSignal('webhook', async (signal) => {
    const webhook = await startWebhook({
      settings: read.value,
      ...(access && { apiAccess: access.value }),
    })
    await untilAborted(signal)
    await webhook.close()
  })
}

function refuse(problems: readonly string[]): number {
  printLines(process.stderr, ['akv-injector webhook: invalid settings', ...problems])
  return 2
}
