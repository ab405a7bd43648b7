import t, { type Test } from 'tap'
import type { AgentConfig } from '../../../delivery/contract.ts'
import { firstFetchDeadline } from '../../../delivery/projection/deadline.ts'
import { endHangingFetch } from '../../../init-agent/fetch/end-hanging-fetch.ts'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import type { AkvError, AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secretFile } from '../harness/pod.ts'
import { simulatePod } from '../harness/simulated-pod.ts'

t.test(
  'if the sign-in uses up the time, each object is still requested once in a first fetch',
  async (t) => {
    // Several times as many as are requested at a time.
    const names = Array.from({ length: 35 }, (_, i) => `s${i}`)
    const timeoutSeconds = 20
    const files = names.map((name) => secretFile(name))
    for (const leftMs of [1, 0, -1]) {
      const { context, vault, asked, file } = simulatePod(t, { files, timeoutSeconds })
      const clock = fakeClock({})
      const { signIn, reader } = context.session
      for (const name of names) vault.set(name, name)
      const slow = {
        ...context.session,
        signIn: {
          ...signIn,
          async token() {
            if (asked.length === 0) await clock.sleep(timeoutSeconds * 1000 - leftMs)
            return await signIn.token()
          },
        },
        reader: {
          ...reader,
          async read(...request: Parameters<typeof reader.read>) {
            await clock.sleep(100)
            return await reader.read(...request)
          },
        },
      }
      const signal = new AbortController().signal
      await firstFetch({ ...context, clock, signal, session: slow })
      const requested = asked.filter((name) => name !== 'sign-in')
      t.strictSame(requested.toSorted(), names.toSorted(), `${leftMs} ms left`)
      for (const name of names) t.equal(file(`files/${name}`), name)
    }
  },
)

const outlasting = { timeoutSeconds: 900, outlastsOutages: true } as const
const hourMs = 3_600_000

/** A first fetch of one object, for which the vault answers with these codes until the given times. */
async function fetchDuring(
  t: Test,
  codes: readonly (readonly [AkvErrorCode, untilMs: number])[],
  timeout: Partial<AgentConfig> = outlasting,
) {
  const { context, vault, asked, lines } = simulatePod(t, {
    files: [secretFile('a')],
    ...timeout,
  })
  const answer = (nowMs: number): void => {
    vault.set('a', codes.find(([, untilMs]) => nowMs - startMs < untilMs)?.[0] ?? 'value')
  }
  const clock = fakeClock({ random: 0.9, onSleep: answer })
  const startMs = clock.now()
  answer(startMs)
  const signal = new AbortController().signal
  const deadline = firstFetchDeadline(context.config, startMs)
  const fetched = firstFetch({ ...context, clock, signal }, deadline)
  const code = await endHangingFetch(fetched, { clock, deadline }).then(
    () => 'fetched',
    (error: AkvError) => error.code,
  )
  return { code, afterMs: clock.now() - startMs, asked, lines }
}

for (const code of ['AKV_NETWORK', 'AKV_VAULT_UNAVAILABLE', 'AKV_THROTTLED'] as const)
  t.test(`without a timeout, a first fetch outlasts ${code} for ten hours`, async (t) => {
    const { afterMs, asked, lines, ...fetched } = await fetchDuring(t, [[code, 10 * hourMs]])
    t.equal(fetched.code, 'fetched')
    t.ok(afterMs >= 10 * hourMs && afterMs <= 10 * hourMs + 30_000, `after ${afterMs} ms`)
    t.ok(asked.length > 2_000, `${asked.length} requests`)
    const warnings = lines.filter(({ level }) => level === 'warn')
    t.match(warnings[0]?.message, 'a failed; retrying until this is over')
    t.ok(warnings.length > 100 && warnings.length < 130, 'every five minutes')
  })

t.test('an outage gives what a person has to mend 15 minutes after its end', async (t) => {
  const { code, afterMs } = await fetchDuring(t, [
    ['AKV_VAULT_UNAVAILABLE', hourMs],
    ['AKV_FORBIDDEN', 10 * hourMs],
  ])
  t.equal(code, 'AKV_FORBIDDEN')
  t.ok(afterMs >= 1.25 * hourMs && afterMs <= 1.25 * hourMs + 30_000, `after ${afterMs} ms`)
})

t.test('a pod’s own timeout ends its first fetch during an outage', async (t) => {
  const { code, afterMs } = await fetchDuring(t, [['AKV_NETWORK', hourMs]], { timeoutSeconds: 60 })
  t.equal(code, 'AKV_NETWORK')
  t.equal(afterMs, 60_000)
})
