import t from 'tap'
import { decideRollout, type RolloutFacts } from '../../../../sync/rollouts/rule/decide-rollout.ts'
import { limits, minuteMs } from './simulated-rollouts.ts'

const nowMs = Date.UTC(2026, 0, 2)
const ago = (minutes: number) => nowMs - minutes * minuteMs
const oldPod = { createdMs: ago(600), startedMs: ago(599), isOfTemplate: true, isReady: true }
const password = { name: 'team-a:password', changedMs: ago(30) }
const workload = { state: 'ready', replaces: 'all', replacesUnready: true } as const
const facts: RolloutFacts = {
  workload,
  pods: [oldPod],
  objects: [password],
  recorded: undefined,
  sinceMs: ago(6000),
  pendingMs: ago(2),
  nowMs,
  limits,
}
const decide = (changes: Partial<RolloutFacts>) => decideRollout({ ...facts, ...changes })
const none = { kind: 'none' }
const held = (why: string) => ({ kind: 'held', why })

t.test('a pod that started before its object changed is rolled out', async (t) => {
  const begin = { kind: 'begin', objects: ['team-a:password'], throughMs: ago(30) }
  t.strictSame(decide({}), begin)
})

t.test('rule 1: the creation and the start both have to lie before the change', async (t) => {
  const late = ago(28)
  t.strictSame(decide({ pods: [{ ...oldPod, createdMs: late, startedMs: late }] }), none)
  t.strictSame(decide({ pods: [{ ...oldPod, startedMs: late }] }), none, 'a container restarted')
  t.strictSame(decide({ pods: [{ ...oldPod, createdMs: late }] }), none, 'the node’s clock is slow')
  t.strictSame(decide({ pods: [{ ...oldPod, startedMs: undefined }] }), none, 'never started')
  const barely = ago(29.5)
  const pods = [{ ...oldPod, createdMs: barely, startedMs: barely }]
  t.equal(decide({ pods }).kind, 'begin', 'within the margin, it may have the old value')
  t.strictSame(decide({ pods: [] }), none)
})

t.test('rule 2: nothing at or before what is recorded starts again', async (t) => {
  const recorded = { throughMs: ago(30), begunMs: [ago(29)] }
  t.strictSame(decide({ recorded }), held('undone'))
  const rolling = { ...facts.workload, state: 'rolling' } as const
  t.strictSame(decide({ recorded, workload: rolling }), held('rolling'))
  const ofRollout = { ...oldPod, createdMs: ago(29), startedMs: ago(29) }
  t.strictSame(decide({ recorded, pods: [ofRollout] }), none, 'the roll-out has made the pod')
  const other = { name: 'team-a:key', changedMs: ago(20) }
  t.strictSame(
    decide({ recorded, objects: [password, other] }),
    { kind: 'begin', objects: ['team-a:key'], throughMs: ago(20) },
    'only what is newer starts a roll-out',
  )
})

t.test('rule 3: only pods count that a roll-out would replace', async (t) => {
  t.strictSame(decide({ workload: { ...workload, replaces: 'none' } }), held('on-delete'))
  const partitioned = { ...workload, replaces: { fromOrdinal: 2 } }
  t.strictSame(
    decide({ workload: partitioned, pods: [{ ...oldPod, ordinal: 1 }] }),
    held('partition'),
  )
  t.equal(decide({ workload: partitioned, pods: [{ ...oldPod, ordinal: 2 }] }).kind, 'begin')
  t.strictSame(
    decide({ workload: partitioned, pods: [oldPod] }),
    held('partition'),
    'without an ordinal',
  )
  t.strictSame(decide({ workload: partitioned, pods: [] }), none)
  t.strictSame(
    decide({ pods: [{ ...oldPod, isOfTemplate: false }] }),
    none,
    'a pod that somebody has made by hand',
  )
})

t.test('rule 6: what was there when it was turned on is the beginning', async (t) => {
  t.strictSame(decide({ sinceMs: ago(30) }), none)
  t.strictSame(decide({ objects: [{ name: 'team-a:password' }] }), none)
  const replaces = { ...workload, replaces: 'none' } as const
  t.strictSame(decide({ sinceMs: ago(30), workload: replaces }), none, 'nor is it held back')
  const recorded = { throughMs: ago(40), begunMs: [ago(29)] }
  t.strictSame(decide({ sinceMs: ago(30), recorded }), none, 'nor undone')
})

t.test('rule 7: all objects that change within the settling time are one', async (t) => {
  t.strictSame(decide({ pendingMs: undefined }), { kind: 'settling', untilMs: nowMs + minuteMs })
  t.strictSame(decide({ pendingMs: ago(0.5) }), { kind: 'settling', untilMs: ago(-0.5) })
  const objects = [password, { name: 'team-a:key', changedMs: ago(29) }]
  t.strictSame(decide({ objects }), {
    kind: 'begin',
    objects: ['team-a:password', 'team-a:key'],
    throughMs: ago(29),
  })
})

t.test('rule 7: at most one roll-out in ten minutes, and six in a day', async (t) => {
  const begunAt = (...minutes: number[]) => decide({ recorded: { begunMs: minutes.map(ago) } })
  t.strictSame(begunAt(9), { kind: 'held', why: 'too-soon', untilMs: ago(-1) })
  t.equal(begunAt(10).kind, 'begin')
  t.equal(begunAt(-60).kind, 'held', 'one in the future counts: the clock was set back')
  const six = [1400, 300, 250, 200, 150, 100]
  t.strictSame(begunAt(...six), { kind: 'held', why: 'daily-limit', untilMs: ago(-40) })
  t.equal(begunAt(...six.slice(1), 1440).kind, 'begin', 'a day ago doesn’t count')
})

t.test('a workload that is paused, rolling or failing is left alone', async (t) => {
  for (const state of ['paused', 'rolling', 'failing'] as const)
    t.strictSame(decide({ workload: { ...workload, state } }), held(state))
})

t.test('a workload is rolled out of which only pods with an old version fail', async (t) => {
  const failing = { ...workload, state: 'failing' } as const
  const unready = { ...oldPod, isReady: false }
  const newer = { ...unready, createdMs: ago(20), startedMs: ago(20) }
  const ofPods = (...pods: (typeof oldPod)[]) => decide({ workload: failing, pods })
  t.equal(ofPods(oldPod, unready).kind, 'begin')
  t.strictSame(ofPods(oldPod, unready, newer), held('failing'), 'not for the old version only')
  t.strictSame(ofPods(oldPod, { ...unready, isOfTemplate: false }), held('failing'))
  t.strictSame(
    decide({ workload: failing, pods: [oldPod, { ...unready, startedMs: undefined }] }),
    held('failing'),
    'one that never started may wait for a node',
  )
  for (const state of ['paused', 'rolling'] as const)
    t.strictSame(decide({ workload: { ...failing, state }, pods: [unready] }), held(state))
  t.strictSame(
    decide({ workload: { ...failing, replacesUnready: false }, pods: [unready] }),
    held('failing'),
    'a roll-out would wait for this pod',
  )
  t.strictSame(
    decide({ workload: failing, pods: [unready], recorded: { begunMs: [ago(9)] } }),
    { kind: 'held', why: 'too-soon', untilMs: ago(-1) },
    'as seldom as any other',
  )
  t.strictSame(
    decide({
      workload: failing,
      pods: [unready],
      recorded: { throughMs: ago(30), begunMs: [ago(29)] },
    }),
    held('undone'),
    'once for a version',
  )
})
