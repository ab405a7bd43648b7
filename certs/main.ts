import { performance } from 'node:perf_hooks'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../lib/log/log.ts'
import { runUntilSignal } from '../lib/server/run-until-signal.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { connectCertsCluster } from './cluster.ts'
import { logChange, type ReconcileStatus, runController } from './controller.ts'
import { serveCertsHealth } from './health.ts'
import { createReconciler } from './reconcile.ts'
import { type CertsFlags, type CertsSettings, readFlags } from './settings.ts'

const reconcileEveryMs = 60_000
/** API servers see a new `caBundle` within seconds. Kubelets may take two minutes to update a mounted certificate. */
const publishAheadMs = 60_000
const staleMs = 5 * reconcileEveryMs

/**
 * Runs `akv-injector certs`: keeps the webhook's serving certificate valid until SIGTERM or SIGINT.
 *
 * @returns the exit code: 0 after a signal, 1 if it can't listen or no API server is configured, 2 for wrong flags
 */
export async function certsMain(flags: CertsFlags): Promise<number> {
  const read = readFlags(flags)
  if (read.kind === 'invalid') {
    const problems = read.problems.map((problem) => `  ${problem}`)
    printLines(process.stderr, ['akv-injector certs: invalid settings', ...problems])
    return 2
  }
  return await runUntilSignal('certs', (signal) => runCerts(read.value, signal))
}

async function runCerts(settings: CertsSettings, signal: AbortSignal): Promise<void> {
  const log = createLog({ level: 'info' })
  const elapsedMs = () => performance.now()
  let status: ReconcileStatus = {
    atMs: elapsedMs(),
    failures: 0,
    problem: 'has not reconciled yet',
  }
  const reconcile = createReconciler({
    cluster: connectCertsCluster({ settings, signal }),
    dnsName: `${settings.service}.${settings.namespace}.svc`,
    publishAheadMs,
    onChange: (change) => logChange({ change, settings, log }),
  })
  const health = await serveCertsHealth({
    listen: settings.healthListen,
    status: () => status,
    elapsedMs,
    staleMs,
  })
  log.info('certificate controller started', {
    ...settings,
    healthPort: health.address.port,
  })
  try {
    await runController({
      settings,
      reconcile,
      log,
      onReconciled: (current) => {
        status = current
      },
      signal,
      reconcileEveryMs,
      elapsedMs,
      clock: systemClock,
    })
  } finally {
    health.close()
  }
}
