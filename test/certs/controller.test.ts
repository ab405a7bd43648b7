import t from 'tap'
import { type LookStatus, logChange, runController } from '../../certs/controller.ts'
import type { LookResult } from '../../certs/look.ts'
import { defaultFlags } from '../../certs/settings.ts'

const settings = { ...defaultFlags, healthListen: { host: '127.0.0.1', port: 0 } }
type Line = Readonly<Record<string, unknown>>

/** Runs the loop over these results, one a look, and ends it with the last. */
async function runOver(results: readonly (LookResult | Error)[], lookEveryMs = 5) {
  const abort = new AbortController()
  const lines: Line[] = []
  const statuses: LookStatus[] = []
  const lookedAtMs: number[] = []
  await runController({
    settings,
    look: async () => {
      const result = results[lookedAtMs.length]
      lookedAtMs.push(performance.now())
      if (result instanceof Error) throw result
      return result ?? { kind: 'nothing' }
    },
    log: (level, message, details) => lines.push({ level, message, ...details }),
    onLook: (status) => {
      statuses.push(status)
      if (statuses.length === results.length) abort.abort()
    },
    signal: abort.signal,
    lookEveryMs,
    elapsedMs: () => performance.now(),
  })
  const pauses = lookedAtMs.slice(1).map((at, i) => at - (lookedAtMs[i] ?? 0))
  return { lines, problems: statuses.map(({ problem }) => problem), pauses }
}

const nothing: LookResult = { kind: 'nothing' }

t.test('it says once that everything is in place, and again after something was not', async (t) => {
  const { lines, problems } = await runOver([nothing, nothing, new Error('broken'), nothing])
  t.strictSame(
    lines.map(({ level, message }) => `${level}: ${message}`),
    ['info: everything is in place', 'error: broken', 'info: everything is in place'],
  )
  t.strictSame(problems, [undefined, undefined, 'broken', undefined])
})

t.test('each missing object is named, with what to do', async (t) => {
  const missing = (['authority', 'leaf', 'configuration'] as const).map(
    (what): LookResult => ({ kind: 'missing', what }),
  )
  const { problems } = await runOver(missing)
  t.match(problems, [
    /^there is no Secret akv-injector\/akv-injector-ca: apply the install again/,
    /^there is no Secret akv-injector\/akv-injector-webhook-tls: apply/,
    /^there is no webhook pods.akv-injector.io in the MutatingWebhookConfiguration zz-akv-injector/,
  ])
})

t.test('it looks again as soon as a wait is over, and not ready meanwhile', async (t) => {
  const { problems, pauses, lines } = await runOver([{ kind: 'wait', forMs: 20 }, nothing], 60_000)
  t.match(problems[0], /waiting until every API server knows/)
  t.ok((pauses[0] ?? 0) >= 19 && (pauses[0] ?? 0) < 5000)
  t.equal(lines.length, 1, 'a wait is no mistake')
})

t.test(
  'after failures it pauses longer and longer, at most as long as between looks',
  async (t) => {
    const { pauses } = await runOver(
      [new Error('x'), new Error('x'), new Error('x'), nothing],
      1500,
    )
    const [first = 0, second = 0, third = 0] = pauses
    t.ok(first >= 499 && first < 1400, `${first}`)
    t.ok(second >= 749, `${second}`)
    t.ok(third >= 749, `${third}`)
  },
)

t.test('the signal ends a pause, and a look that it interrupts is no failure', async (t) => {
  const abort = new AbortController()
  const lines: string[] = []
  const options = {
    settings,
    log: (_: string, message: string) => lines.push(message),
    onLook: () => setImmediate(() => abort.abort()),
    signal: abort.signal,
    lookEveryMs: 60_000,
    elapsedMs: () => 0,
  }
  await runController({ ...options, look: async () => nothing })
  t.strictSame(lines, ['everything is in place'])
  const interrupted = new AbortController()
  await runController({
    ...options,
    signal: interrupted.signal,
    look: async () => {
      interrupted.abort()
      throw new Error('aborted')
    },
  })
  t.strictSame(lines, ['everything is in place'])
})

t.test('each change is a line that holds names and reasons', async (t) => {
  const lines: Line[] = []
  const log = (level: string, message: string, details?: Line) =>
    lines.push({ level, message, ...details })
  logChange({
    change: { kind: 'publish', bundle: 'PEM', changes: { added: 1, dropped: 2 } },
    settings,
    log,
  })
  logChange({ change: { kind: 'issue-authority', reason: 'is empty' }, settings, log })
  logChange({ change: { kind: 'issue-leaf', reason: 'is empty' }, settings, log })
  t.strictSame(lines, [
    {
      level: 'info',
      message: 'published in caBundle',
      webhookConfiguration: 'zz-akv-injector',
      added: 1,
      dropped: 2,
    },
    {
      level: 'info',
      message: 'made a new authority',
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
