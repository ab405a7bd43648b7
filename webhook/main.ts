import { readFileSync } from 'node:fs'
import { describeProblems } from '../lib/describe-problem.ts'
import { printLines } from '../lib/print-lines.ts'
import { reasonOf } from '../lib/reason-of.ts'
import { startWebhook } from './http/start-webhook.ts'
import { readSettings } from './settings/read-settings.ts'

const signals = ['SIGTERM', 'SIGINT'] as const

/**
 * What `akv-injector webhook` runs: serves until SIGTERM or SIGINT, then drains. A second signal ends it at once.
 *
 * @returns the exit code: 0 after a signal, 1 when it can't listen, 2 for wrong settings
 */
export async function webhookMain(env = process.env): Promise<number> {
  const read = readSettings({ env, readFile: (path) => readFileSync(path, 'utf8') })
  if ('problems' in read) {
    const problems = describeProblems(read.problems)
    printLines(process.stderr, ['akv-injector webhook: wrong settings', ...problems])
    return 2
  }

  const signal = new Promise<void>((resolve) => {
    const stop = () => {
      for (const name of signals) process.off(name, stop)
      resolve()
    }
    for (const name of signals) process.on(name, stop)
  })
  try {
    const webhook = await startWebhook({ settings: read.settings })
    await signal
    await webhook.close()
    return 0
  } catch (error) {
    const reason = reasonOf(error)
    printLines(process.stderr, [`akv-injector webhook: cannot serve: ${reason}`])
    return 1
  }
}
