import t from 'tap'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import type { Secrets } from '../../support/api-server/secrets.ts'
import {
  countedMethods,
  killAtEveryCall,
  wrapMethods,
} from '../../support/kill/kill-at-every-call.ts'
import { memoryCluster } from '../harness/memory-cluster.ts'
import { runRound, type Wish } from '../harness/memory-round.ts'
import { allSecrets, contentsOf, othersKeys, problemsOf } from '../harness/seen-secrets.ts'

const two = '[{ secret: db, data: "a=one, b=two" }, { secret: more, data: "c=one" }]'
const old = { uid: 'uid-1', sync: two, values: { one: '1', two: '1' } }
const oldContents = ['db: a=1, b=1', 'more: c=1']

interface Change {
  readonly before?: Wish
  /** What somebody else does before. */
  readonly prepare?: (secrets: Secrets) => void
  readonly wanted: Wish
  readonly result: readonly string[]
  /** What a killed round may leave, besides the result. */
  readonly between: readonly (readonly string[])[]
  readonly others?: readonly string[]
}

const renamed = two.replace('secret: more', 'secret: renamed')
const changes: Readonly<Record<string, Change>> = {
  'two new Secrets': {
    wanted: old,
    result: oldContents,
    between: [[], ['db: a=1, b=1']],
  },
  'new values': {
    before: old,
    wanted: { ...old, values: { one: '2', two: '2' } },
    result: ['db: a=2, b=2', 'more: c=2'],
    between: [oldContents, ['db: a=2, b=2', 'more: c=1']],
  },
  'one Secret less': {
    before: old,
    wanted: { ...old, sync: '[{ secret: db, data: "a=one, b=two" }]' },
    result: ['db: a=1, b=1'],
    between: [oldContents],
  },
  'a Secret with another name': {
    before: old,
    wanted: { ...old, sync: renamed },
    result: ['db: a=1, b=1', 'renamed: c=1'],
    between: [oldContents, ['db: a=1, b=1', 'more: c=1', 'renamed: c=1']],
  },
  'an account that was created again': {
    before: old,
    wanted: { ...old, uid: 'uid-2' },
    result: oldContents,
    between: [['db: a=1, b=1'], ['more: c=1']],
  },
  'a Secret that was handed over': {
    prepare(secrets) {
      secrets.create('team-a/db', { data: { a: 'MQ==', b: 'b2xk', theirs: 'eA==' } })
      secrets.edit('team-a/db', { annotations: { 'akv-injector.io/adopt': 'true' } })
    },
    wanted: { ...old, sync: '[{ secret: db, data: "a=one, b=two" }]' },
    result: ['db: a=1, b=1, theirs=x'],
    between: [['db: a=1, b=old, theirs=x']],
    others: ['db theirs: kubectl-create'],
  },
  'no Secrets any more': {
    before: old,
    wanted: { ...old, sync: undefined },
    result: [],
    between: [oldContents, ['more: c=1']],
  },
}

for (const [what, { before, prepare, wanted, result, between, others = [] }] of Object.entries(
  changes,
))
  t.test(
    `killed at any request, a round for ${what} leaves whole Secrets with an owner and a record, and the next round finishes it with one writer of each key`,
    async (t) => {
      const found = new Set<string>()
      const wrong = new Set<string>()
      const ends = new Set<string>()
      const later = new Set<string>()
      const calls = await killAtEveryCall(async (kill) => {
        const { cluster, secrets } = memoryCluster({ accounts: [] })
        if (before) await runRound(cluster, before)
        prepare?.(secrets)
        await kill.run(() => runRound(countedMethods(cluster, kill), wanted))
        found.add(contentsOf(secrets).join('; '))
        for (const problem of problemsOf(secrets, wanted.uid)) wrong.add(problem)
        await runRound(cluster, wanted)
        ends.add([contentsOf(secrets), othersKeys(secrets)].join('; '))
        const finished = JSON.stringify(allSecrets(secrets))
        await runRound(cluster, wanted)
        if (JSON.stringify(allSecrets(secrets)) !== finished)
          wrong.add('the round after that writes')
        await runRound(cluster, { ...wanted, sync: '[{ secret: later, data: "d=two" }]' })
        later.add(contentsOf(secrets).join('; '))
      })
      t.strictSame([...wrong], [])
      t.strictSame([...found].sort(), [...between, result].map((all) => all.join('; ')).sort())
      t.strictSame([...ends], [[result, others].join('; ')])
      t.strictSame([...later], [`later: d=${wanted.values['two']}`], 'and it can be changed again')
      t.ok(calls >= 7, `killed at ${calls} requests`)
    },
  )

/** The cluster, which aborts during one of its requests and notes those that begin after that. */
function stoppingCluster(
  cluster: SyncCluster,
  options: { readonly at: number; readonly stop: AbortController },
) {
  const { at, stop } = options
  const late = new Set<string>()
  let requests = 0
  const stopping = wrapMethods(cluster, (request, name) => (...args) => {
    if (name === 'serverTimeMs') return request(...args)
    requests += 1
    if (stop.signal.aborted) late.add(name)
    if (requests === at) stop.abort()
    return request(...args)
  })
  return { stopping, late }
}

for (const [what, { before, prepare, wanted, result }] of Object.entries(changes))
  t.test(
    `after SIGTERM during any request of a round for ${what}, nothing is written and nobody is notified, and the next round finishes it`,
    async (t) => {
      const late = new Set<string>()
      let at = 0
      for (let isStopped = true; isStopped; ) {
        at += 1
        const { cluster, secrets } = memoryCluster({ accounts: [] })
        if (before) await runRound(cluster, before)
        prepare?.(secrets)
        const stop = new AbortController()
        const stopped = stoppingCluster(cluster, { at, stop })
        await runRound(stopped.stopping, wanted, stop.signal)
        for (const name of stopped.late) late.add(name)
        await runRound(cluster, wanted)
        if (contentsOf(secrets).join() !== result.join()) t.fail(`stopped at request ${at}`)
        isStopped = stop.signal.aborted
      }
      t.strictSame(
        [...late].filter((name) => name !== 'readSecret'),
        [],
      )
      t.ok(at > 7, `stopped at ${at - 1} requests`)
    },
  )
