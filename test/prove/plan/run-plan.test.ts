import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { installResource } from '../../../prove/install/install-resource.ts'
import { describePlan, refusalOfRun } from '../../../prove/plan/describe-plan.ts'
import { emulatedAzure } from '../../../prove/plan/emulated-plan.ts'
import { makeAll, removeAll, survey } from '../../../prove/plan/run-plan.ts'
import { openRunState, unknownTo } from '../../../prove/plan/run-state.ts'
import type { Tools } from '../../../prove/tools/tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { emptyWorld, fakeTools, Killed } from '../support/fake-tools.ts'
import { proofFacts } from '../support/proof-facts.ts'
import { ran } from '../support/ran.ts'

const plan = [installResource(proofFacts.install, true), ...emulatedAzure.plan(proofFacts)]
const { known } = emulatedAzure
const abort = new AbortController().signal
const clock = fakeClock({})
const stateIn = (t: Test) => join(t.testdir(), 'state.json')

/** A run without scenarios: looks, makes, and removes. */
async function runOnce(tools: Tools, file: string) {
  const state = openRunState(file)
  const found = await survey(plan, tools)
  if (found.some(({ presence }) => presence === 'present')) await removeAll(plan, { tools, state })
  const { missing } = await makeAll(plan, known, { tools, state, clock, abort })
  return { missing, left: await removeAll(plan, { tools, state }) }
}

t.test('a run makes everything in order, records it and removes it', async (t) => {
  const world = emptyWorld()
  const file = stateIn(t)
  const tools = fakeTools(world)
  const state = openRunState(file)
  t.strictSame(await makeAll(plan, known, { tools, state, clock, abort }), { made: known })
  t.equal(world.install, 'ours')
  t.equal(world.namespace, 'ours')
  t.equal(world.emulated.identities.length, 5)
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), {
    'install akv-injector-prove-install': 'made',
    'emulated-azure akv-injector-prove': 'made',
    'namespace akv-injector-prove': 'made',
  })
  t.strictSame(await removeAll(plan, { tools, state }), [])
  t.strictSame(world, emptyWorld())
  t.strictSame(unknownTo(plan, file), [])
})

t.test('whenever a run is killed, the next one leaves nothing', async (t) => {
  let kills = 0
  for (const when of ['before', 'after'] as const)
    for (let last = 1, isWhole = false; !isWhole; last++) {
      const world = emptyWorld()
      const file = join(t.testdir(), `${when}-${last}.json`)
      let calls = 0
      const kill = () => {
        calls += 1
        if (calls === last) throw new Killed()
      }
      isWhole = await runOnce(fakeTools(world, { [when]: kill }), file).then(
        () => true,
        (error) => {
          if (!(error instanceof Killed)) throw error
          kills += 1
          return false
        },
      )
      // Also without the file, because the disk may be another one.
      if (last % 2 === 0) writeFileSync(file, '')
      t.match(
        await runOnce(fakeTools(world), file),
        { missing: undefined, left: { length: 0 } },
        `${last}`,
      )
      t.strictSame(world, emptyWorld())
    }
  t.ok(kills >= 28, `${kills} kills`)
})

t.test('what somebody else has made is never touched', async (t) => {
  const world = { ...emptyWorld(), namespace: 'foreign' as const }
  const tools = fakeTools(world)
  t.match(
    refusalOfRun(await survey(plan, tools)),
    /^the namespace \S+ exists, and prove hasn’t made it/,
  )
  t.strictSame(await removeAll(plan, { tools, state: openRunState(stateIn(t)) }), [])
  t.equal(world.namespace, 'foreign')
})

t.test('what appears after the survey is neither changed nor removed', async (t) => {
  for (const namespace of ['foreign', 'ours'] as const) {
    const world = emptyWorld()
    const state = openRunState(stateIn(t))
    const tools = fakeTools(world)
    t.equal(refusalOfRun(await survey(plan, tools)), undefined)
    world.namespace = namespace
    const { missing } = await makeAll(plan, known, { tools, state, clock, abort })
    t.match(missing, { kind: 'namespace' })
    const own = plan.filter((resource) => state.isBegun(resource))
    t.match(own, [{ kind: 'install' }, { kind: 'emulated-azure' }])
    t.strictSame(await removeAll(own, { tools, state }), [])
    t.strictSame(world, { ...emptyWorld(), namespace })
  }
})

t.test('what answers like no emulator is left alone', async (t) => {
  for (const body of [undefined, {}, { identities: [] }, { identities: {}, vaults: [] }]) {
    const tools: Tools = {
      ...fakeTools(emptyWorld()),
      control: async ({ path }) => {
        t.equal(path, '/names')
        return { status: 200, body }
      },
    }
    t.match(refusalOfRun(await survey(plan, tools)), /^the emulator doesn’t answer/)
  }
})

t.test('what can’t be seen or removed is said', async (t) => {
  const state = openRunState(stateIn(t))
  const unreadable = fakeTools({ ...emptyWorld(), namespace: 'unreadable' })
  t.match(refusalOfRun(await survey(plan, unreadable)), /^kubectl can’t say whether the namespace/)
  t.match(await removeAll(plan, { tools: unreadable, state }), [{ kind: 'namespace' }])
  const stuck = fakeTools({ ...emptyWorld(), namespace: 'stuck' })
  t.match(await removeAll(plan, { tools: stuck, state }), [{ kind: 'namespace' }])
  const down = fakeTools({ ...emptyWorld(), isEmulatorUp: false })
  t.match(refusalOfRun(await survey(plan, down)), /^the emulator doesn’t answer/)
  t.match(await makeAll(plan, known, { tools: down, state, clock, abort }), {
    missing: { kind: 'emulated-azure' },
  })
  const noJson = fakeTools(emptyWorld())
  const tools: Tools = { ...noJson, run: async () => ran('{"metadata":') }
  t.match(refusalOfRun(await survey(plan, tools)), /hasn’t made it/)
})

t.test('an abort ends the making before the next resource', async (t) => {
  const world = emptyWorld()
  const stop = new AbortController()
  // The third call installs, and the fifth one adds the vault.
  let calls = 0
  const tools = fakeTools(world, { after: () => ++calls === 5 && stop.abort() })
  const state = openRunState(stateIn(t))
  t.strictSame(await makeAll(plan, known, { tools, state, clock, abort: stop.signal }), {
    made: known,
  })
  t.equal(world.namespace, 'absent')
  t.match(world.emulated.vaults, ['other', 'akv-injector-prove'])
  t.strictSame(await removeAll(plan, { tools, state }), [])
  t.strictSame(world, emptyWorld())
})

t.test('the preview names everything, and what an earlier run has left', async (t) => {
  const world = emptyWorld()
  const fresh = describePlan(await survey(plan, fakeTools(world))).join('\n')
  for (const { sentence } of plan) t.match(fresh, sentence)
  t.notMatch(fresh, 'earlier run')
  world.namespace = 'ours'
  const again = describePlan(await survey(plan, fakeTools(world)), true).join('\n')
  t.match(again, 'An earlier run has left the namespace akv-injector-prove')
  t.match(again, '--keep')
})

t.test('what another version has made is named', (t) => {
  const file = stateIn(t)
  writeFileSync(file, JSON.stringify({ 'group x': 'made', 'group y': 'removed', z: 'unknown' }))
  t.strictSame(unknownTo(plan, file), ['group x'])
  for (const text of ['', '[]', 'null', '{"a":']) {
    writeFileSync(file, text)
    t.strictSame(unknownTo(plan, file), [], text)
  }
  t.end()
})
