import t from 'tap'
import {
  runUntilSignal,
  untilAborted,
  withStopSignal,
} from '../../../lib/server/run-until-signal.ts'

const listeners = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')

for (const name of ['SIGTERM', 'SIGINT'] as const)
  t.test(`${name} ends a server with 0`, async (t) => {
    const code = await runUntilSignal('webhook', async (signal) => {
      process.emit(name)
      await untilAborted(signal)
    })
    t.equal(code, 0)
  })

t.test(
  'the first signal leaves the second its default effect, which ends the process',
  async (t) => {
    const before = listeners()
    await withStopSignal(async (signal) => {
      t.equal(listeners(), before + 2)
      process.emit('SIGTERM')
      await untilAborted(signal)
      t.equal(listeners(), before)
    })
  },
)

t.test('a process that ran until a signal leaves no listeners behind', async (t) => {
  const before = listeners()
  t.equal(await withStopSignal(async () => 'value'), 'value')
  await t.rejects(
    withStopSignal(async () => {
      throw new Error('broken')
    }),
  )
  t.equal(listeners(), before)
})

t.test('an aborted signal is not waited for', async () => {
  await untilAborted(AbortSignal.abort())
})
