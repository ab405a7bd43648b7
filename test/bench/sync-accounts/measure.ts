import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { askProcess } from '../ask-process.ts'
import type { LoopReport } from './observe-loop.ts'
import type { Surroundings } from './surroundings.ts'

/** `cpuMs`: without the start of the process */
export interface Synced extends LoopReport {
  readonly accounts: number
  readonly seconds: number
}

/** The heap limits of the chart. */
const nodeOptions = ['--max-semi-space-size=4', '--max-old-space-size=384']
const lookMs = 250

/**
 * Starts a controller beside a number of accounts, and measures it until each of them has its first Secret.
 *
 * @param program - the bundle, as the image has it
 */
export async function measureFirstSync({
  program,
  accounts,
}: {
  readonly program: string
  readonly accounts: number
}): Promise<Synced> {
  const surroundings = fork(join(import.meta.dirname, 'surroundings.ts'), [String(accounts)], {
    execArgv: ['--max-old-space-size=4096'],
  })
  const [{ env }] = (await once(surroundings, 'message')) as [Surroundings]
  const args = ['sync', '--health-listen=127.0.0.1:0']
  const startedAtMs = performance.now()
  const controller = fork(program, args, {
    env,
    execArgv: [...nodeOptions, '--import', join(import.meta.dirname, 'observe-loop.ts')],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  try {
    await once(controller.stdout as NonNullable<ChildProcess['stdout']>, 'data')
    // Loading the modules blocks the event loop once, before there is anything to do.
    const started = await askProcess<LoopReport>(controller, 'report')
    controller.stdout?.resume()
    while ((await askProcess<number>(surroundings, 'count')) < accounts) await delay(lookMs)
    const seconds = (performance.now() - startedAtMs) / 1000
    const report = await askProcess<LoopReport>(controller, 'report')
    return { ...report, cpuMs: report.cpuMs - started.cpuMs, accounts, seconds }
  } finally {
    controller.kill('SIGKILL')
    surroundings.disconnect()
    await once(surroundings, 'exit')
  }
}
