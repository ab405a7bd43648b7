import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  record,
} from 'fast-check'
import t from 'tap'
import type { RolledWorkload } from '../../../../sync/rollouts/rule/decide-rollout.ts'
import { numRuns } from '../../../support/property-runs.ts'
import { type Happening, limits, minuteMs, SimulatedRollouts } from './simulated-rollouts.ts'

const object = nat({ max: 1 })
const happening = oneof(
  record({ kind: constant('pass' as const), minutes: integer({ min: 1, max: 600 }) }),
  record({ kind: constant('rotate' as const), object, bytes: nat({ max: 3 }) }),
  record({
    kind: constant('enable' as const),
    object,
    minutesAgo: integer({ min: 0, max: 3000 }),
  }),
  record({ kind: constant('revert' as const), object }),
  record({ kind: constant('outage' as const), minutes: integer({ min: 1, max: 600 }) }),
  record({ kind: constant('flip' as const), object, times: integer({ min: 2, max: 90 }) }),
  record({ kind: constant('replace' as const) }),
  record({ kind: constant('delete' as const), pod: nat({ max: 2 }) }),
  record({
    kind: constant('state' as const),
    state: constantFrom<RolledWorkload['state'][]>('paused', 'rolling', 'failing'),
    minutes: integer({ min: 1, max: 600 }),
  }),
  record({
    kind: constant('strategy' as const),
    replaces: constantFrom<RolledWorkload['replaces'][]>(
      'all',
      'none',
      { fromOrdinal: 0 },
      { fromOrdinal: 2 },
    ),
  }),
  record({ kind: constant('restart controller' as const) }),
)
/** A pod starts while the newest version is disabled, and it is enabled before the controller looks. */
const enabledBetweenLooks: readonly Happening[] = [
  { kind: 'pass', minutes: 37 },
  { kind: 'replace' },
  { kind: 'enable', object: 0, minutesAgo: 1 },
]
const history = array(happening, { maxLength: 25 })
const day = 24 * 60

function simulate(happenings: readonly Happening[], vaultAheadMs: number): SimulatedRollouts {
  const simulated = new SimulatedRollouts(vaultAheadMs)
  for (const happening of happenings) simulated.happen(happening)
  return simulated
}

const anyClock = oneof(
  constantFrom(0, -day * minuteMs, day * minuteMs),
  integer({ min: -30_000, max: 30_000 }),
)

t.test('whatever happens, roll-outs are few and far between', async (t) => {
  let begun = 0
  await assert(
    property(history, anyClock, (happenings, vaultAheadMs) => {
      const simulated = simulate(happenings, vaultAheadMs)
      simulated.happen({ kind: 'pass', minutes: 3 * day })
      const times = simulated.begun.map(({ atMs }) => atMs)
      begun += times.length
      if (times.length > simulated.switches)
        throw new Error(`${times.length} roll-outs for ${simulated.switches} changes`)
      for (const [index, atMs] of times.entries()) {
        const before = times[index - 1]
        if (before !== undefined && atMs - before < limits.minIntervalMs)
          throw new Error(`two roll-outs in ${atMs - before} ms`)
        const sixth = times[index - limits.maxPerDay]
        if (sixth !== undefined && atMs - sixth < day * minuteMs)
          throw new Error(`more than ${limits.maxPerDay} in a day`)
      }
      const count = simulated.begun.length
      simulated.happen({ kind: 'pass', minutes: 3 * day })
      if (simulated.begun.length !== count) throw new Error('it goes on although nothing happens')
    }),
    { numRuns },
  )
  t.ok(begun > 0, `${begun} roll-outs`)
})

t.test('a change reaches every pod that a roll-out replaces', async (t) => {
  await assert(
    property(history, anyClock, boolean(), (happenings, vaultAheadMs, isStrategyKept) => {
      const isClockWrong = Math.abs(vaultAheadMs) > 30_000
      // While the controller doesn't run, it can't see that the vault's clock is a day behind.
      const possible = happenings.filter(
        ({ kind }) =>
          !(isStrategyKept && kind === 'strategy') &&
          !(isClockWrong && ['restart controller', 'outage'].includes(kind)),
      )
      const simulated = simulate([{ kind: 'replace' }, ...possible], vaultAheadMs)
      // Six a day are used up, so it may take a day.
      simulated.happen({ kind: 'pass', minutes: 2 * day })
      if (!simulated.isCurrent())
        throw new Error(`some pods are old: ${JSON.stringify(simulated.decision)}`)
    }),
    { numRuns, examples: [[enabledBetweenLooks, 0, false]] },
  )
  t.end()
})

t.test('turning it on rolls out nothing, although the pods are old', async (t) => {
  for (const vaultAheadMs of [0, -day * minuteMs, day * minuteMs]) {
    const simulated = simulate([{ kind: 'pass', minutes: 3 * day }], vaultAheadMs)
    t.strictSame(simulated.begun, [])
    t.notOk(simulated.isCurrent())
  }
})
