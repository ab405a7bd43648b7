import t from 'tap'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { recordAnnotation } from '../../../requests/rollouts/rollout-names.ts'
import { Rollouts } from '../../../sync/rollouts/rollouts.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { rolloutServices } from './rollout-services.ts'

const minuteMs = 60_000

/** Accounts of which only the record is asked for. */
function accounts() {
  const clock = manualClock()
  const end = new AbortController()
  const records = new Map<string, string>()
  const reads: string[] = []
  let failure: Error | undefined
  let gate: Promise<void> | undefined
  const services = rolloutServices({
    clock,
    signal: end.signal,
    readAccount: async (namespace, name) => {
      reads.push(`${namespace}/${name}`)
      if (failure !== undefined) throw failure
      await gate
      const record = records.get(`${namespace}/${name}`)
      const annotations = record === undefined ? {} : { [recordAnnotation]: record }
      return { metadata: { namespace, name, uid: `uid-${name}`, annotations } }
    },
    writeRecord: async ({ namespace, name }, text) =>
      void records.set(`${namespace}/${name}`, text),
    readOwner: async () => {
      if (failure !== undefined) throw failure
      return undefined
    },
  })
  const rollouts = new Rollouts(services)
  rollouts.start()
  const fail = (error: Error | undefined) => {
    failure = error
  }
  const holdUp = (until: Promise<void>) => {
    gate = until
  }
  return { rollouts, clock, end, records, reads, services, fail, holdUp }
}

t.test('each account that is allowed begins, and nobody else', async (t) => {
  const { rollouts, clock, end, records } = accounts()
  rollouts.allow('team-a', new Set(['web', 'api']))
  await clock.pass(minuteMs)
  t.strictSame([...records.keys()].sort(), ['team-a/api', 'team-a/web'])
  t.match(records.get('team-a/web'), /"since":"/)
  end.abort()
  await rollouts.ended()
})

t.test('an account that isn’t allowed any more is left alone', async (t) => {
  const { rollouts, clock, end, reads } = accounts()
  rollouts.allow('team-a', new Set(['web', 'api']))
  rollouts.allow('team-b', new Set(['web']))
  await clock.pass(minuteMs)
  rollouts.allow('team-a', new Set(['api']))
  reads.length = 0
  await clock.pass(200 * minuteMs)
  t.ok(reads.length > 0)
  t.notOk(reads.includes('team-a/web'))
  t.ok(reads.includes('team-b/web'))
  end.abort()
  await rollouts.ended()
})

t.test('an account that is dropped during a look leaves no slots behind', async (t) => {
  const { rollouts, clock, end, records, reads, services, fail, holdUp } = accounts()
  const since = new Date(clock.wallTime()).toISOString()
  const workloads = { 'uid-1': { name: 'Deployment/web', begun: [since] } }
  records.set('team-a/web', JSON.stringify({ since, objects: {}, workloads }))
  const gate = Promise.withResolvers<void>()
  holdUp(gate.promise)
  rollouts.allow('team-a', new Set(['web']))
  await clock.pass(minuteMs)
  t.strictSame(reads, ['team-a/web'])
  fail(new AkvError('AKV_CLUSTER_UNAVAILABLE', 'away'))
  rollouts.allow('team-a', new Set())
  gate.resolve()
  end.abort()
  await rollouts.ended()
  t.equal(services.slots.running(), 0)
})

t.test('what fails is tried again later, and said once', async (t) => {
  const { rollouts, clock, end, reads, records, services, fail } = accounts()
  fail(new AkvError('AKV_CLUSTER_FORBIDDEN', 'ServiceAccount team-a/web: not allowed'))
  rollouts.allow('team-a', new Set(['web']))
  await clock.pass(60 * minuteMs)
  t.ok(reads.length > 3 && reads.length < 20, `${reads.length} tries`)
  const warnings = () => services.lines.filter(({ level }) => level === 'warn')
  t.equal(warnings().length, 1)
  t.match(warnings()[0], { account: 'team-a/web', reason: /not allowed/ })
  fail(undefined)
  await clock.pass(15 * minuteMs)
  t.ok(records.has('team-a/web'))
  end.abort()
  await rollouts.ended()
})
