import t from 'tap'
import { requestMark } from '../../../delivery/refresh-request.ts'
import { readAgentPod } from '../../../operate/cluster/pods/agent-pod.ts'
import { injectedAgent } from '../../../operate/cluster/pods/injected-agent.ts'
import { requestedRefresh } from '../../../operate/cluster/refresh-now.ts'
import { stateOf } from '../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../support/injected-pods/injected-pod.ts'

const wanted = { vault: 'team-a', secrets: 'db-password' }
const at = '2026-11-29T10:00:00.000Z'

type Source = Record<string, { items: { path: string; fieldRef: object }[] }>
interface IdentityVolume {
  name: string
  projected: { defaultMode?: number; sources: Source[] }
}

/** A pod with other sources in its identity volume. */
function withSources(change: (volume: IdentityVolume) => void, annotations = {}) {
  const pod = structuredClone(
    injectedPod({ annotations: { ...wanted, refresh: '5m', ...annotations } }),
  )
  const { volumes } = pod['spec'] as { volumes: IdentityVolume[] }
  const identity = volumes.find(({ name }) => name === 'akv-injector-identity')
  if (identity) change(identity)
  return pod
}

const answer = (pod: unknown, refreshNow?: { seen: string; at?: string }) =>
  requestedRefresh(readAgentPod(pod)?.refreshNow, {
    ...stateOf(),
    ...(refreshNow && { refreshNow }),
  })

t.test('what has become of a request', (t) => {
  const asking = (text: string) =>
    injectedPod({ annotations: { ...wanted, refresh: '5m', 'refresh-now': text } })
  const seen = requestMark('2')
  t.strictSame(answer(asking('2'), { seen, at }), { kind: 'done', atMs: Date.parse(at) })
  t.equal(answer(asking('2'), { seen }), undefined, 'it is the beginning')
  t.strictSame(answer(asking('3'), { seen, at }), { kind: 'asked' })
  t.match(answer(asking('2')), { kind: 'unseen', why: /agent is of an older version/ })
  t.equal(answer(asking(''), { seen, at }), undefined)
  t.equal(answer(injectedPod({}), { seen, at }), undefined)
  const once = injectedPod({ annotations: { ...wanted, 'refresh-now': '2' } })
  t.match(answer(once), { kind: 'unseen', why: 'the pod has no akv-injector.io/refresh' })
  const older = withSources(({ projected }) => projected.sources.splice(1), { 'refresh-now': '2' })
  t.match(answer(older), { kind: 'unseen', why: /restart it once/ })
  t.end()
})

t.test('an agent is ours with the file and without it, but not with another one', (t) => {
  const kindOf = (change: (volume: IdentityVolume) => void) =>
    injectedAgent(withSources(change))?.kind
  const item = ({ projected }: IdentityVolume) => projected.sources[1]?.['downwardAPI']?.items[0]
  t.equal(
    kindOf((volume) => {
      volume.projected.defaultMode = 420
      Object.assign(item(volume)?.fieldRef ?? {}, { apiVersion: 'v1' })
    }),
    'ours',
    'as the API server completes it',
  )
  t.equal(
    kindOf(({ projected }) => projected.sources.splice(1)),
    'ours',
  )
  const wrong: ((volume: IdentityVolume) => void)[] = [
    (volume) => Object.assign(item(volume) ?? {}, { path: 'token' }),
    (volume) => Object.assign(item(volume)?.fieldRef ?? {}, { fieldPath: 'metadata.name' }),
    ({ projected }) =>
      projected.sources[1]?.['downwardAPI']?.items.push({ path: 'x', fieldRef: {} }),
    ({ projected }) => projected.sources.push({ secret: { items: [] } }),
    ({ projected }) => projected.sources.splice(1, 1, { secret: { items: [] } }),
    ({ projected }) => projected.sources.reverse(),
    ({ projected }) => projected.sources.splice(0),
  ]
  for (const change of wrong) t.equal(kindOf(change), 'not-ours', change.toString())
  t.end()
})
