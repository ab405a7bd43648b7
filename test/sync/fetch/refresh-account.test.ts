import t from 'tap'
import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { type Clock, systemClock } from '../../../lib/clock.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import type { AccountValues } from '../../../sync/fetch/account-values.ts'
import { maxKeptBytes } from '../../../sync/fetch/bound-values.ts'
import { refreshAccount } from '../../../sync/fetch/refresh-account.ts'
import { readStoredSecret } from '../../../sync/plan/stored-secret.ts'
import { roundBudget } from '../../../sync/round/round-budget.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { policy } from '../../webhook/core/policy.ts'
import { freePace } from '../harness/free-pace.ts'

/** A vault that has what begins with "there". */
async function read({ name }: ObjectReference): Promise<FetchedObject> {
  if (!name.startsWith('there')) throw new AkvError('AKV_OBJECT_NOT_FOUND', `no ${name}`)
  const version = '1'.repeat(32)
  return { kind: 'secret', value: 'x', contentType: undefined, isCertificate: false, version }
}

const account = { namespace: 'team-a', name: 'web', uid: 'uid-1', annotations: {} }

async function refresh(
  data: string,
  before?: AccountValues,
  options: { readonly reader?: typeof read; readonly clock?: Clock } = {},
): Promise<AccountValues> {
  const { values } = await refreshAll(`[{ secret: db, data: "${data}" }]`, { ...options, before })
  return values
}

async function refreshAll(
  list: string,
  {
    before,
    reader = read,
    clock = systemClock,
    readSecret = async () => undefined,
  }: {
    readonly before?: AccountValues | undefined
    readonly reader?: typeof read
    readonly clock?: Clock
    readonly readSecret?: SyncCluster['readSecret']
  },
) {
  const annotations = { 'akv-injector.io/vault': 'team-a', 'akv-injector.io/sync': list }
  const request = readAccount({ ...account, annotations }, policy) as SyncRequest
  const round = {
    maxKeptBytes,
    request,
    account,
    session: {
      signIn: { principal: 'web', token: async () => 'token', forget: () => undefined },
      reader: { read: reader, listVersions: async () => [], secretPages: () => secretPagesOf() },
    },
    before,
    turns: new Map(request.secrets.map(({ name }) => [name, { kind: 'fetch' as const }])),
    budget: roundBudget(account, freePace),
    log: memoryLog().log,
    signal: new AbortController().signal,
  }
  return await refreshAccount(round, { cluster: { readSecret }, clock })
}

t.test('objects that are no longer requested are forgotten', async (t) => {
  let values: AccountValues | undefined
  for (let i = 0; i < 5; i++) values = await refresh(`there-${i}, absent-${i}`, values)
  t.strictSame([...(values?.refresh.statuses.keys() ?? [])].sort(), [
    'team-a:secrets/absent-4',
    'team-a:secrets/there-4',
  ])
  t.strictSame([...(values?.versions.keys() ?? [])], ['team-a:secrets/there-4'])
  t.strictSame([...(values?.removed.keys() ?? [])], ['team-a:secrets/absent-4'])
  t.strictSame([...(values?.refresh.content.files.keys() ?? [])], ['db/there-4'])
})

t.test('an unresponsive vault delays a round for one object, not for all', async (t) => {
  let nowMs = Date.now()
  let asked = 0
  const silent = async () => {
    asked += 1
    await new Promise(setImmediate)
    nowMs += 10_000
    throw new AkvError('AKV_NETWORK', 'no answer')
  }
  const data = Array.from({ length: 100 }, (_, i) => `there-${i}`).join()
  const clock = { ...systemClock, now: () => nowMs }
  const { refresh: state } = await refresh(data, undefined, { reader: silent, clock })
  t.equal(asked, 1)
  const errors = [...state.statuses.values()].map(({ error }) => error?.code)
  t.strictSame(errors, Array(100).fill('AKV_NETWORK'))
})

t.test(
  'an account whose values cost too much keeps those within its budget, and the next round starts afresh',
  async (t) => {
    const large = JSON.stringify({ a: 'x'.repeat(8_000_000) })
    const reader = async (reference: ObjectReference) => {
      const found = await read(reference)
      return reference.name.startsWith('there-large') ? { ...found, value: large } : found
    }
    const data = 'k1=there-large-1#a, k2=there-large-2#a, k3=there-small'
    const { refresh: state } = await refresh(data, undefined, { reader })
    t.strictSame([...state.content.files.keys()], ['db/k1', 'db/k3'])
    const error = state.statuses.get('team-a:secrets/there-large-2')?.error
    t.match(error, {
      code: 'AKV_SYNC_COSTLY',
      message:
        'ServiceAccount team-a/web: converting its values takes more than 2 s of CPU time in one round',
    })
    const next = await refresh('k2=there-large-2#a', undefined, { reader })
    t.strictSame([...next.refresh.content.files.keys()], ['db/k2'])
  },
)

t.test('Secrets that others have filled with empty keys or fields aren’t kept', async (t) => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}`)
  const all = (of: string, value: unknown) =>
    Object.fromEntries(keys.map((key) => [of + key, value]))
  const metadataOf = (name: string, more: object = {}) => ({
    name,
    uid: name,
    resourceVersion: '1',
    ...more,
  })
  const filled = {
    data: { metadata: metadataOf('db'), data: all('', '') },
    labels: { metadata: metadataOf('db', { labels: all('', '') }) },
    managers: {
      metadata: metadataOf('db', {
        managedFields: [{ manager: 'x', fieldsV1: { 'f:data': all('f:', {}) } }],
      }),
    },
  }
  const list =
    '[{ secret: few, data: there-1 }, { secret: db, data: there-2 }, { secret: no, data: there-3 }]'
  for (const [where, secret] of Object.entries(filled)) {
    const { found } = await refreshAll(list, {
      async readSecret({ name }) {
        if (name === 'no') return undefined
        const object = name === 'db' ? secret : { metadata: metadataOf(name) }
        const stored = readStoredSecret({ ...object, type: 'Opaque' })
        if (stored.kind === 'invalid') throw new Error(stored.problem)
        return stored.value
      },
    })
    t.strictSame([...found.keys()], ['few'], where)
  }
})
