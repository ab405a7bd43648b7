import t from 'tap'
import { parseCron } from '../../../requests/schedule/cron.ts'
import type { RefreshSchedule } from '../../../requests/schedule/refresh-due.ts'
import type { Source } from '../../../requests/source/source.ts'
import { accountEntry } from '../../../sync/account/account-entry.ts'
import { noKnownSources } from '../../../sync/round/settle/decide-sources.ts'
import { decideTurns } from '../../../sync/round/turn/decide-turns.ts'
import { agentConfig } from '../../init-agent/harness/pod.ts'
import { fakeClock } from '../../support/fake-clock.ts'

function source(name: string, schedule: RefreshSchedule): Source {
  return {
    ref: { kind: 'ExternalSecret', name },
    ...{ uid: name, createdAtMs: 0, hints: {}, claims: [name], values: [], problems: [], schedule },
    secrets: [
      {
        ...{ name, type: 'Opaque', labels: {} },
        source: { kind: 'ExternalSecret', name },
      },
    ],
  }
}

t.test('before each source with windows, the rest of the process gets a turn', async (t) => {
  const rare = parseCron('59 23 29 2 0')
  if (rare.kind === 'invalid') throw new Error(rare.problem)
  const window = { opens: rare.value, lastsMs: 366 * 24 * 3_600_000 }
  const plain: RefreshSchedule = { policy: 'Periodic', intervalSeconds: 3600 }
  const windowed: RefreshSchedule = { ...plain, windows: { kind: 'allow', windows: [window] } }
  const sources = [source('a', windowed), source('b', plain), source('c', windowed)]
  const account = {
    namespace: 'shop',
    name: 'web',
    uid: 'u',
    resourceVersion: '1',
    annotations: {},
  }
  let yields = 0
  const turns = await decideTurns(
    {
      ...{ account, sources: noKnownSources, isChanged: false, asksForAll: false },
      reading: {
        fetchesAll: true,
        request: {
          kind: 'wanted',
          config: { ...agentConfig({}), files: [], finds: [] },
          ...{ azure: {}, usesBinding: false, sources, mistakes: [] },
          secrets: sources.flatMap(({ secrets }) => secrets),
        },
      },
      state: accountEntry(account, true).state,
      budget: {
        async yieldNow() {
          yields += 1
        },
      },
      signal: new AbortController().signal,
    },
    { cluster: { readSecret: async () => undefined }, clock: fakeClock({}) },
  )
  t.strictSame(
    [...turns].map(([name, { kind }]) => [name, kind]),
    [
      ['a', 'fetch'],
      ['b', 'fetch'],
      ['c', 'fetch'],
    ],
  )
  t.equal(yields, 2)
})
