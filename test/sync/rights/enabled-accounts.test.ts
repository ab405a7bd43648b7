import t from 'tap'
import type { RulesReview } from '../../../sync/cluster/cluster-port.ts'
import { FairShares } from '../../../sync/memory/fair-shares.ts'
import { manualOutage } from '../harness/manual-outage.ts'
import {
  enabling,
  forbidden,
  nothing,
  ours,
  type StartedRights,
  startRights,
} from './harness/start-rights.ts'

/** In this time, each namespace is looked at again. */
const regularMs = 6 * 60_000

const namesOf = ({ enabled }: StartedRights, namespace: string) => [...enabled.of(namespace)]

t.test('at the start, each namespace is looked at once before anything else', async (t) => {
  const started = await startRights(t, {
    a: enabling(['web']),
    b: nothing,
    c: enabling(['x', 'y']),
  })
  t.equal(started.problemBefore, 'the namespaces have not been listed yet')
  await started.enabled.firstLook()
  t.equal(started.enabled.problem(), undefined)
  t.strictSame(started.reviews.slice(0, 3).sort(), ['a', 'b', 'c'])
  t.strictSame(ours(started), ['a', 'c'])
  t.strictSame(namesOf(started, 'c'), ['x', 'y'])
  t.ok(started.enabled.has('a', 'web'))
  t.notOk(started.enabled.has('b', 'web'))
  t.strictSame([...started.enabled.counts()], [['ready', 2]])
  t.strictSame(started.lines, [])
})

t.test('a namespace whose review hangs delays nobody for long', async (t) => {
  const started = await startRights(t, { a: 'hangs', b: enabling(['web']) })
  let isLookedAt = false
  void started.enabled.firstLook().then(() => {
    isLookedAt = true
  })
  await started.clock.pass(29_000)
  t.notOk(isLookedAt)
  await started.clock.pass(2_000)
  t.ok(isLookedAt)
  t.strictSame(ours(started), ['b'])
  t.equal(started.enabled.problem(), undefined)
})

t.test('if no review is answered, nothing is known', async (t) => {
  const started = await startRights(t, { a: forbidden, b: forbidden })
  t.match(started.enabled.problem(), /has not said yet what the controller may do: it is forbidden/)
  t.strictSame([...started.enabled.counts()], [['unknown', 2]])
  t.equal(started.lines.filter(({ level }) => level === 'warn').length, 2)
  started.answers.set('a', enabling(['web']))
  await started.clock.pass(regularMs)
  t.equal(started.enabled.problem(), undefined)
  t.strictSame(namesOf(started, 'a'), ['web'])
  t.match(started.lines.at(-1), { level: 'info', namespace: 'a' })
})

t.test('a failed review takes nothing away, and a namespace looks ready again later', async (t) => {
  const started = await startRights(t, { a: enabling(['web']) })
  started.answers.set('a', new Error('down'))
  await started.clock.pass(regularMs)
  t.strictSame(namesOf(started, 'a'), ['web'])
  t.strictSame([...started.enabled.counts()], [['unknown', 1]])
  started.answers.set('a', enabling(['web', 'api']))
  await started.clock.pass(regularMs)
  t.strictSame(namesOf(started, 'a'), ['web', 'api'])
  t.strictSame(started.changes, ['a', 'a'])
})

t.test('an incomplete answer takes away only what is asked for and denied', async (t) => {
  const started = await startRights(t, { a: enabling(['web', 'api']) })
  started.allowed.add('web')
  started.answers.set('a', enabling([], { isIncomplete: true }))
  await started.clock.pass(regularMs)
  t.strictSame(namesOf(started, 'a'), ['web'])
  t.ok(started.questions.includes('a create serviceaccounts/token api'))
  started.answers.set('a', enabling([]))
  await started.clock.pass(regularMs)
  t.strictSame(namesOf(started, 'a'), [], 'a complete answer counts')
})

t.test('an account that isn’t asked for successfully, or not at all, stays', async (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `n${String(i).padStart(2, '0')}`)
  const started = await startRights(t, { a: enabling(names) })
  started.unanswered.add('n03')
  started.answers.set('a', enabling([], { isIncomplete: true }))
  const { length } = started.reviews
  while (started.reviews.length === length) await started.clock.pass(1_000)
  // The first twenty are asked for, and all but one are denied.
  t.strictSame(namesOf(started, 'a'), ['n03', ...names.slice(20)])
})

t.test('a right that isn’t asked for successfully is lacking', async (t) => {
  const started = await startRights(t, { a: enabling(['web']) })
  const rules = enabling(['web']).rules.filter(({ verbs }) => !verbs.includes('patch'))
  const without = { rules, isIncomplete: true }
  started.answers.set('a', without)
  started.allowed.add('web').add('undefined')
  await started.clock.pass(regularMs)
  t.strictSame([...started.enabled.counts()], [['ready', 1]])
  started.unanswered.add('web')
  await started.clock.pass(regularMs)
  t.strictSame([...started.enabled.counts()], [['lacking', 1]])
  t.strictSame(namesOf(started, 'a'), ['web'])
})

t.test('a namespace that begins to end during its review isn’t ours afterwards', async (t) => {
  const started = await startRights(t, { a: enabling(['web']) })
  const review = Promise.withResolvers<RulesReview>()
  started.answers.set('a', review.promise)
  const before = started.reviews.length
  await started.clock.pass(regularMs)
  t.equal(started.reviews.length, before + 1)
  started.put('a', true)
  review.resolve(enabling(['web', 'api']))
  await started.clock.pass(0)
  t.strictSame(ours(started), [])
  t.strictSame([...started.enabled.counts()], [['terminating', 1]])
  t.strictSame(started.changes, ['a', 'a'])
})

t.test('only the names that there is memory for are enabled', async (t) => {
  // A namespace may have three quarters of the bytes. A name takes 84.
  const memory = new FairShares({ maxBytes: 400, namespaces: 1 })
  const names = ['n-01', 'n-02', 'n-03', 'n-04']
  const started = await startRights(t, { a: enabling(names) }, { memory })
  t.strictSame(namesOf(started, 'a'), names.slice(0, 3))
  t.strictSame([...started.enabled.counts()], [['lacking', 1]])
  t.match(started.lines, [{ level: 'warn', message: /more ServiceAccounts than the controller/ }])
  const roomOf = () => memory.roomFor('a', 'something else')
  t.ok(roomOf() < 84, 'their memory is held')
  started.answers.set('a', enabling(names.slice(0, 2)))
  await started.clock.pass(regularMs)
  t.strictSame([...started.enabled.counts()], [['ready', 1]])
  t.equal(roomOf(), 300 - 2 * 84)
  started.remove('a')
  t.equal(roomOf(), 300, 'and released')
})

t.test('what is lacking is said once, and looked at often', async (t) => {
  const rules = enabling(['web']).rules.filter(({ resources }) => resources[0] !== 'events')
  const started = await startRights(t, { a: { rules, isIncomplete: false } })
  t.strictSame(namesOf(started, 'a'), ['web'], 'the account is enabled')
  const before = started.reviews.length
  await started.clock.pass(290_000)
  t.equal(
    started.reviews.length - before,
    24 + 5,
    'quickly for two minutes, and then twice a minute',
  )
  t.strictSame([...started.enabled.counts()], [['lacking', 1]])
  t.match(started.lines, [
    { level: 'warn', namespace: 'a', message: /may not create events there; apply the Role/ },
  ])
  t.equal(started.lines.length, 1)
})

t.test('a rule without names enables nothing and says so', async (t) => {
  const rules = enabling([]).rules
  const started = await startRights(t, { a: { rules, isIncomplete: false } })
  t.strictSame(namesOf(started, 'a'), [])
  t.strictSame([...started.enabled.counts()], [['unnamed', 1]])
  t.match(started.lines, [{ level: 'warn', message: /has to name them \(resourceNames\)/ }])
})

t.test('namespaces come, terminate and go', async (t) => {
  const started = await startRights(t, { a: enabling(['web']) })
  started.answers.set('b', enabling(['api']))
  started.put('b')
  await started.clock.pass(regularMs)
  t.strictSame(ours(started), ['a', 'b'])
  started.put('b', true)
  t.strictSame(ours(started), ['a'])
  t.strictSame([...started.enabled.counts()].sort(), [
    ['ready', 1],
    ['terminating', 1],
  ])
  t.match(started.lines, [{ level: 'warn', namespace: 'b', message: /is being deleted/ }])
  started.remove('b')
  t.strictSame([...started.enabled.counts()], [['ready', 1]])
  t.strictSame(started.changes, ['a', 'b', 'b'])
  started.put('b')
  await started.clock.pass(regularMs)
  t.strictSame(ours(started), ['a', 'b'], 'a new one of the same name')
})

t.test('a namespace that was deleted and created again unseen is a new one', async (t) => {
  const started = await startRights(t, { a: enabling(['web']), b: enabling(['web']) })
  for (const name of ['a', 'b']) started.answers.set(name, nothing)
  const { length } = started.reviews
  started.recreateUnwatched('a')
  await started.clock.pass(10_000)
  t.strictSame(started.reviews.slice(length), ['a'], 'it is looked at soon')
  t.strictSame(ours(started), ['b'])
  t.strictSame(started.changes.slice(2), ['a'])
})

t.test('the rights in a deleted namespace aren’t those in the next one of its name', async (t) => {
  const started = await startRights(t, { a: nothing })
  const answered = Promise.withResolvers<RulesReview>()
  started.answers.set('a', answered.promise)
  const { length } = started.reviews
  while (started.reviews.length === length) await started.clock.pass(60_000)
  started.recreate('a')
  started.answers.set('a', enabling(['api']))
  answered.resolve(enabling(['web']))
  await started.clock.pass(0)
  t.strictSame(namesOf(started, 'a'), [])
  await started.clock.pass(10_000)
  t.strictSame(namesOf(started, 'a'), ['api'])
  t.strictSame(started.changes, ['a'])
})

t.test(
  'a namespace in which something asks is looked at soon, however often it asks',
  async (t) => {
    const started = await startRights(t, { a: nothing, b: nothing })
    const countOf = (name: string) => started.reviews.filter((other) => other === name).length
    const ask = () => {
      for (let i = 0; i < 100; i++) started.enabled.asks('a')
    }
    ask()
    started.enabled.asks('no-such-namespace')
    await started.clock.pass(6_000)
    t.equal(countOf('a'), 2, 'soon')
    for (let second = 6; second < 60 * 60; second++) {
      ask()
      await started.clock.pass(1_000)
    }
    const quick = 48 + 60
    t.ok(countOf('a') > quick && countOf('a') <= 2 + quick + 120, `${countOf('a')} in an hour`)
    t.ok(countOf('b') < 20, 'the other one in turn')
    t.equal(countOf('no-such-namespace'), 0)
  },
)

t.test('what is forbidden is a reason to look soon, but not again and again', async (t) => {
  const started = await startRights(t, { a: enabling(['web']) })
  started.enabled.forbidden('a')
  await started.clock.pass(6_000)
  t.equal(started.reviews.length, 2)
  for (let i = 0; i < 1_000; i++) started.enabled.forbidden('a')
  await started.clock.pass(40_000)
  t.equal(started.reviews.length, 2)
  await started.clock.pass(20_000)
  started.enabled.forbidden('a')
  await started.clock.pass(6_000)
  t.equal(started.reviews.length, 3, 'after a minute')
})

t.test(
  'in an outage of the API server, what was known stays, and nothing is reported',
  async (t) => {
    const outage = manualOutage()
    const started = await startRights(t, { a: enabling(['web']), b: enabling(['web']) }, { outage })
    started.reviews.splice(0)
    outage.begin()
    for (const name of ['a', 'b']) started.answers.set(name, forbidden)
    started.enabled.forbidden('a')
    await started.clock.pass(regularMs)
    t.strictSame(started.reviews, [], 'nobody is asked for')
    t.strictSame([...started.enabled.counts()], [['ready', 2]])
    for (const name of ['a', 'b']) started.answers.set(name, enabling(['web', 'api']))
    outage.end()
    await started.clock.pass(0)
    t.strictSame(started.reviews.sort(), ['a', 'b'])
    t.strictSame(namesOf(started, 'a'), ['web', 'api'])
    t.strictSame(started.lines, [])
  },
)

t.test('a review that an outage fails is repeated when it is over', async (t) => {
  let isOn = false
  const started = await startRights(
    t,
    { a: enabling(['web']) },
    { outage: { isOn: () => false, explains: async () => isOn, over: async () => undefined } },
  )
  isOn = true
  started.reviews.splice(0)
  started.answers.set('a', forbidden)
  await started.clock.pass(regularMs)
  t.ok(started.reviews.length > 1)
  t.strictSame([...started.enabled.counts()], [['ready', 1]])
  t.strictSame(started.lines, [])
  isOn = false
  started.answers.set('a', nothing)
  await started.clock.pass(6_000)
  t.strictSame(namesOf(started, 'a'), [])
})
