import t from 'tap'
import type { Ran } from '../../../prove/tools/tools.ts'
import { waitForSignIn } from '../../../prove/tools/wait-for-sign-in.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { ran } from '../support/ran.ts'

const signedOut = ran('', 1, 'ERROR: AADSTS700082\nTo re-authenticate, please run:\naz login\n')

/** Fails so often, and then works. */
async function wait(
  failures: number,
  options: { isAttended: boolean; stop?: AbortController; failure?: Ran },
) {
  const said: string[] = []
  const clock = fakeClock({ onSleep: () => options.stop?.abort() })
  let runs = 0
  const run = async (): Promise<Ran> =>
    ++runs > failures ? ran('done') : (options.failure ?? signedOut)
  const abort = options.stop?.signal ?? new AbortController().signal
  const end = await waitForSignIn(run, {
    ...{ clock, abort, isAttended: options.isAttended },
    say: (line) => said.push(line),
  })
  return { code: end.code, runs, said }
}

t.test('a run goes on when somebody has signed in again', async (t) => {
  t.match(await wait(3, { isAttended: true }), {
    code: 0,
    runs: 4,
    said: [/Run az login in another/],
  })
  const failure = ran(
    '',
    1,
    '╷\n│ Error: running Azure CLI: exit status 1: Please run az\n│ login\n╵\n',
  )
  t.match(await wait(1, { isAttended: true, failure }), { code: 0, runs: 2 })
  t.strictSame(await wait(0, { isAttended: true }), { code: 0, runs: 1, said: [] })
})

t.test('nobody is waited for in a pipeline, for ever, or after Ctrl-C', async (t) => {
  t.match(await wait(3, { isAttended: false }), { code: 1, runs: 1, said: { length: 1 } })
  t.match(await wait(1_000, { isAttended: true }), { code: 1, runs: 181, said: { length: 1 } })
  const stop = new AbortController()
  t.match(await wait(1_000, { isAttended: true, stop }), { code: 1, runs: 2 })
})

t.test('other failures are no sign-in', async (t) => {
  for (const failure of [
    ran('', 1, 'ERROR: (Forbidden) no'),
    ran('run az login', 1),
    ran('', 0, 'az login'),
  ]) {
    let runs = 0
    const end = await waitForSignIn(
      async () => {
        runs += 1
        return failure
      },
      { clock: fakeClock({}), abort: new AbortController().signal, isAttended: true, say: t.fail },
    )
    t.strictSame([end, runs], [failure, 1])
  }
})
