import t from 'tap'
import { logChange, type ReconcileStatus, runController } from '../../certs/controller.ts'
import type { ReconcileResult } from '../../certs/reconcile.ts'
import { defaultFlags } from '../../certs/settings.ts'
import { systemClock } from '../../lib/clock.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { memoryLog } from '../support/memory-log.ts'

const settings = { ...defaultFlags, healthListen: { host: '127.0.0.1', port: 0 } }

interface RunOptions {
  readonly reconcileEveryMs?: number
  readonly random?: number
}

/** Runs the loop over these results, one a reconcile, and ends it with the last. Pauses take no time. */
async function runOver(
  results: readonly (ReconcileResult | Error)[],
  { reconcileEveryMs = 60_000, random = 0 }: RunOptions = {},
) {
  const abort = new AbortController()
  const { log, lines } = memoryLog()
  const clock = fakeClock({ random })
  const statuses: ReconcileStatus[] = []
  const remaining = [...results]
  await runController({
    settings,
    reconcile: async () => {
      const result = remaining.shift()
      if (result instanceof Error) throw result
      return result ?? nothing
    },
    log,
    onReconciled: (status) => {
      statuses.push(status)
      if (statuses.length === results.length) abort.abort()
    },
    signal: abort.signal,
    reconcileEveryMs,
    elapsedMs: () => 0,
    clock,
  })
  return { lines, problems: statuses.map(({ problem }) => problem), pauses: clock.waits }
}

const nothing: ReconcileResult = { kind: 'nothing' }

t.test(
  'the certificate controller logs once that everything is in place, and again after a failure',
  async (t) => {
    const { lines, problems } = await runOver([nothing, nothing, new Error('broken'), nothing])
    t.strictSame(
      lines.map(({ level, message }) => `${level}: ${message}`),
      ['info: everything is in place', 'error: broken', 'info: everything is in place'],
    )
    t.strictSame(problems, [undefined, undefined, 'broken', undefined])
  },
)

t.test('a report about a missing object names it and says what to do', async (t) => {
  const missing = (['authority', 'leaf', 'configuration'] as const).map(
    (what): ReconcileResult => ({ kind: 'missing', what }),
  )
  const { problems } = await runOver(missing)
  t.match(problems, [
    /^Secret akv-injector\/akv-injector-ca does not exist: apply the install again/,
    /^Secret akv-injector\/akv-injector-webhook-tls does not exist: apply/,
    /^the webhook that calls the Service akv-injector\/akv-injector-webhook in the MutatingWebhookConfiguration zz-akv-injector/,
  ])
})

t.test(
  'the certificate controller isn’t ready during a wait, and reconciles again right after it',
  async (t) => {
    const { problems, pauses, lines } = await runOver([{ kind: 'wait', forMs: 20 }, nothing])
    t.match(problems[0], /waiting until every API server knows/)
    t.strictSame(pauses, [20])
    t.equal(lines.length, 1, 'a wait is no mistake')
  },
)

t.test(
  'after each failure it pauses longer, but never longer than between two rounds',
  async (t) => {
    const failures = Array.from({ length: 8 }, () => new Error('x'))
    const limits = { reconcileEveryMs: 60_000 }
    const shortest = await runOver([...failures, nothing], { ...limits, random: 0 })
    const longest = await runOver([...failures, nothing], { ...limits, random: 0.999 })
    t.strictSame(shortest.pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    t.ok(longest.pauses.every((pause, i) => pause > 1.9 * (shortest.pauses[i] ?? 0)))
    t.ok(Math.max(...longest.pauses) <= limits.reconcileEveryMs)
    const { pauses } = await runOver([new Error('x'), nothing, new Error('x'), nothing])
    t.strictSame(pauses, [500, 60_000, 500], 'a success ends the series')
  },
)

t.test('the signal ends a pause, and an interrupted round isn’t a failure', async (t) => {
  const abort = new AbortController()
  const { log, lines } = memoryLog()
  const options = {
    settings,
    log,
    clock: systemClock,
    onReconciled: () => setImmediate(() => abort.abort()),
    signal: abort.signal,
    reconcileEveryMs: 60_000,
    elapsedMs: () => 0,
  }
  let rounds = 0
  const reconcile = async () => {
    rounds++
    return nothing
  }
  await runController({ ...options, reconcile })
  t.equal(rounds, 1, 'no round begins after the pause')
  t.strictSame(
    lines.map(({ message }) => message),
    ['everything is in place'],
  )
  const interrupted = new AbortController()
  await runController({
    ...options,
    signal: interrupted.signal,
    reconcile: async () => {
      interrupted.abort()
      throw new Error('aborted')
    },
  })
  t.strictSame(
    lines.map(({ message }) => message),
    ['everything is in place'],
  )
})

t.test('each change is logged in one line with names and reasons', async (t) => {
  const { log, lines } = memoryLog()
  logChange({
    change: { kind: 'publish', bundle: 'PEM', changes: { added: 1, dropped: 2 } },
    settings,
    log,
  })
  logChange({ change: { kind: 'issue-authority', reason: 'is empty' }, settings, log })
  logChange({ change: { kind: 'issue-leaf', reason: 'is empty' }, settings, log })
  const withoutTime = lines.map(({ time: _, ...line }) => line)
  t.strictSame(withoutTime, [
    {
      level: 'info',
      message: 'published in caBundle',
      webhookConfiguration: 'zz-akv-injector',
      added: 1,
      dropped: 2,
    },
    {
      level: 'info',
      message: 'issued a new CA',
      secret: 'akv-injector/akv-injector-ca',
      reason: 'the Secret is empty',
    },
    {
      level: 'info',
      message: 'issued a new serving certificate',
      secret: 'akv-injector/akv-injector-webhook-tls',
      reason: 'the Secret is empty',
    },
  ])
})
