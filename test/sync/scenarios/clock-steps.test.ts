import t, { type Test } from 'tap'
import { annotations, startSimulation } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password" }]'
const minuteMs = 60_000
const steps = [-10 * minuteMs, 600 * minuteMs]

/**
 * An account whose vault throttles, is down for 20 minutes, and is well again. Somebody sets the controller's wall clock before
 * one of its rounds.
 */
async function lifeOf(t: Test, step?: { readonly beforeRound: number; readonly byMs: number }) {
  const simulation = await startSimulation(t)
  const { apiServer, azure, clock } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(db))
  const delays: (number | undefined)[] = []
  const pass = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      if (step?.beforeRound === delays.length) clock.step(step.byMs)
      const delayMs = await simulation.round()
      delays.push(delayMs)
      simulation.pass(delayMs ?? 0)
    }
  }
  await pass(2)
  const match = { service: 'vault' } as const
  azure.addFault({ match, action: { kind: 'throttle', retryAfterSeconds: 90 } })
  await pass(3)
  azure.clearFaults()
  azure.addFault({ match, action: { kind: 'status', status: 503 } })
  await pass(6)
  azure.clearFaults()
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'another' })
  await pass(3)
  return {
    delays: delays.map((delayMs) => Math.round(delayMs ?? -1)),
    requests: simulation.vaultPaths(),
    writes: simulation.writes(),
    events: simulation.events(),
    values: simulation.values('db'),
  }
}

t.test('a step of the wall clock changes no pause, interval or back-off of sync', async (t) => {
  const expected = await lifeOf(t)
  t.ok(expected.requests.length >= 8, `${expected.requests.length} requests`)
  t.strictSame(expected.values, { password: 'another' })
  t.ok(expected.events.some((event) => event.includes('AKV_THROTTLED')))
  let compared = 0
  for (const beforeRound of [3, 6, 12])
    for (const byMs of steps) {
      t.strictSame(
        await lifeOf(t, { beforeRound, byMs }),
        expected,
        `${byMs} ms before round ${beforeRound}`,
      )
      compared++
    }
  t.equal(compared, 6)
})
