import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/log.ts'
import { reasonOf } from '../lib/reason-of.ts'
import type { CertificateChange, ReconcileResult } from './reconcile.ts'
import type { CertsSettings } from './settings.ts'

/** The result of the last round. */
export interface ReconcileStatus {
  readonly atMs: number
  /** How many rounds have failed since the start. */
  readonly failures: number
  /** What is still missing, or undefined if everything is in place. */
  readonly problem: string | undefined
}

interface RunControllerOptions {
  readonly settings: CertsSettings
  readonly reconcile: () => Promise<ReconcileResult>
  readonly log: Log
  readonly onReconciled: (status: ReconcileStatus) => void
  /** Aborts to end the loop. */
  readonly signal: AbortSignal
  readonly reconcileEveryMs: number
  readonly elapsedMs: () => number
  readonly clock: Pick<Clock, 'sleep' | 'random'>
}

/** The first pause after a failure. Each further pause is twice as long, up to the interval of the loop. */
const firstPauseMs = 1000

/**
 * Reconciles in a loop until the signal aborts. It does not watch: nothing here is urgent, and a round takes three small
 * reads.
 */
export async function runController(options: RunControllerOptions): Promise<void> {
  const { log, onReconciled, signal, reconcileEveryMs, elapsedMs, clock } = options
  let wasInPlace = false
  let failures = 0
  let allFailures = 0
  while (!signal.aborted) {
    const result = await reconcileOnce(options)
    if (signal.aborted) return
    failures = result.isFailure ? failures + 1 : 0
    if (result.isFailure) allFailures += 1
    onReconciled({ atMs: elapsedMs(), problem: result.problem, failures: allFailures })
    if (result.isFailure) log.error(result.problem ?? '')
    const isInPlace = result.problem === undefined
    if (isInPlace && !wasInPlace) log.info('everything is in place')
    wasInPlace = isInPlace
    const pauseMs = result.isFailure
      ? backoffMs({
          firstMs: firstPauseMs,
          longestMs: reconcileEveryMs,
          failures,
          jitter: 'half',
          clock,
        })
      : Math.min(result.nextMs ?? reconcileEveryMs, reconcileEveryMs)
    await clock.sleep(pauseMs, signal)
  }
}

interface Reconciled {
  readonly problem?: string
  readonly isFailure: boolean
  readonly nextMs?: number
}

async function reconcileOnce({ reconcile, settings }: RunControllerOptions): Promise<Reconciled> {
  try {
    const result = await reconcile()
    switch (result.kind) {
      case 'nothing':
        return { isFailure: false }
      case 'wait':
        return {
          problem: 'waiting until every API server knows the new CA',
          isFailure: false,
          nextMs: result.forMs,
        }
      case 'missing':
        return { problem: describeMissing(result.what, settings), isFailure: true }
      default:
        return result satisfies never
    }
  } catch (error) {
    return { problem: reasonOf(error), isFailure: true }
  }
}

/** The controller may not create objects: RBAC can't limit that permission to a name. */
function describeMissing(
  what: Extract<ReconcileResult, { kind: 'missing' }>['what'],
  settings: CertsSettings,
): string {
  const { namespace, service, caSecret, tlsSecret, webhookConfiguration } = settings
  const objects = {
    authority: `Secret ${namespace}/${caSecret}`,
    leaf: `Secret ${namespace}/${tlsSecret}`,
    configuration: `the webhook that calls the Service ${namespace}/${service} in the MutatingWebhookConfiguration ${webhookConfiguration}`,
  }
  return `${objects[what]} does not exist: apply the install again to create it; the controller then fills it`
}

/** Logs one line for each change: names and reasons, but nothing that was written. */
export function logChange(options: {
  readonly change: CertificateChange
  readonly settings: CertsSettings
  readonly log: Log
}): void {
  const { change, log } = options
  const { namespace, caSecret, tlsSecret, webhookConfiguration } = options.settings
  switch (change.kind) {
    case 'publish':
      log.info('published in caBundle', { webhookConfiguration, ...change.changes })
      break
    case 'issue-authority':
      log.info('issued a new CA', {
        secret: `${namespace}/${caSecret}`,
        ...because(change),
      })
      break
    case 'issue-leaf':
      log.info('issued a new serving certificate', {
        secret: `${namespace}/${tlsSecret}`,
        ...because(change),
      })
      break
    default:
      change satisfies never
  }
}

const because = ({ reason }: { readonly reason: string }) => ({ reason: `the Secret ${reason}` })
