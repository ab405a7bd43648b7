import t from 'tap'
import type { SyncRequest } from '../../../../requests/account/account-request.ts'
import {
  decideSources,
  type KnownSources,
  noKnownSources,
  type SourceState,
} from '../../../../sync/round/settle/decide-sources.ts'

const source = { kind: 'SecretProviderClass', name: 'kv' } as const
const nowMs = 1_000_000

async function decisionOf(
  state: SourceState,
  options: {
    isHeld?: true
    serves?: () => Promise<boolean>
    mistakes?: SyncRequest['mistakes']
  } = {},
) {
  const { serves = async () => true, mistakes = [], ...origin } = options
  const request = { secrets: [{ name: 'other' }], mistakes } as unknown as SyncRequest
  const sources: KnownSources = { stateOf: () => state, statusOf: () => undefined, serves }
  const recorded = new Map([
    ['db', { source, ...origin }],
    ['other', {}],
  ] as const)
  const decisions = await decideSources(recorded, { request, sources, nowMs })
  t.notOk(decisions.has('other'), 'a requested Secret is not decided about')
  return decisions.get('db')
}
const gone = (agoMs: number): SourceState => ({ kind: 'gone', sinceMs: nowMs - agoMs })

t.test('a Secret is deleted with its entry if its source still exists', async (t) => {
  t.strictSame(await decisionOf({ kind: 'present' }), { kind: 'delete' })
})

t.test('a Secret stays while its source has a mistake, or isn’t known yet', async (t) => {
  t.strictSame(await decisionOf({ kind: 'unknown' }), { kind: 'keep' })
  t.strictSame(await decisionOf({ kind: 'wrong' }), { kind: 'keep' })
  const mistakes = [
    { source: { ...source, uid: 'u' }, code: 'AKV_SYNC_SOURCE', message: 'x' } as const,
  ]
  t.strictSame(await decisionOf({ kind: 'present' }, { mistakes }), { kind: 'keep' })
})

t.test('the Secret of a source that has gone is deleted after a minute', async (t) => {
  t.strictSame(await decisionOf(gone(20_000)), { kind: 'wait', waitMs: 40_000 })
  t.strictSame(await decisionOf(gone(60_000)), { kind: 'delete' })
})

t.test(
  'a Secret is held if the kind of its source is absent or was absent meanwhile',
  async (t) => {
    const serves = async () => false
    const held = { kind: 'held', error: { code: 'AKV_SYNC_ORPHANED' } }
    t.match(await decisionOf(gone(90_000), { serves }), held)
    t.match(await decisionOf(gone(1_000), { serves }), held, 'at once')
    t.match(await decisionOf(gone(90_000), { isHeld: true }), held)
    t.match(await decisionOf({ kind: 'unread' }), {
      error: {
        message:
          'Secret db came from SecretProviderClass kv and stays as it is: the controller does not read this kind, because sync.classes of the chart is off; apply the source again, or delete the Secret',
      },
    })
    t.equal(
      (await decisionOf({ kind: 'present' }, { isHeld: true }))?.kind,
      'delete',
      'the source is back',
    )
  },
)

t.test('if the API server doesn’t say what it serves, nothing is deleted', async (t) => {
  const serves = () => Promise.reject(new Error('down'))
  t.strictSame(await decisionOf(gone(90_000), { serves }), { kind: 'wait', waitMs: 60_000 })
})

t.test(
  'the Secret of an annotation’s entry is deleted at once, unless the annotation has a mistake',
  async (t) => {
    const recorded = new Map([['db', {}]])
    const decide = (mistakes: SyncRequest['mistakes']) =>
      decideSources(recorded, {
        request: { secrets: [], mistakes } as unknown as SyncRequest,
        sources: noKnownSources,
        nowMs,
      })
    t.strictSame([...(await decide([]))], [['db', { kind: 'delete' }]])
    t.strictSame(
      [...(await decide([{ code: 'AKV_SYNC_ANNOTATION', message: 'x' }]))],
      [['db', { kind: 'keep' }]],
    )
  },
)

t.test('the API server is asked once for all Secrets of a kind', async (t) => {
  let asked = 0
  const names = Array.from({ length: 50 }, (_, i) => [`s${i}`, { source }] as const)
  const serves = async () => {
    asked += 1
    return true
  }
  await decideSources(new Map(names), {
    request: undefined,
    sources: { stateOf: () => gone(0), statusOf: () => undefined, serves },
    nowMs,
  })
  t.equal(asked, 1)
})
