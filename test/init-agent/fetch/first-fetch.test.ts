import t from 'tap'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
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
