import t from 'tap'
import { statusText } from '../../../../sync/plan/account-status.ts'
import { statusEntries } from '../../../../sync/round/report/status-entries.ts'

const object = {
  vault: 'team-a',
  type: 'secret',
  name: 'db-password',
  version: '0123456789abcdef'.repeat(2),
} as const
const versions = `  [team-a:db-password@${object.version}]`
const failing = { code: 'AKV_NETWORK', sinceMs: 0, sinceWallMs: 0 } as const

const statusAfter = (round: Partial<Parameters<typeof statusEntries>[0]>) =>
  statusText(
    statusEntries({
      secrets: new Map(),
      found: undefined,
      published: undefined,
      isCurrent: true,
      ...round,
    }),
  )?.split('\n')

t.test('a round that read no Secret leaves what the status said before', async (t) => {
  const secrets = new Map([['db', { failing }]])
  const published = `db: ready\n${versions}\nold: kept\n${versions}\nExternalSecret/x: AKV_SYNC_SOURCE since 2026-11-26T03:00:00Z`
  const db = 'db: AKV_NETWORK since 1970-01-01T00:00:00Z'
  t.strictSame(statusAfter({ secrets, published }), [db, versions, 'old: kept', versions])
  t.strictSame(statusAfter({ secrets }), [db])
  const failed = statusAfter({ secrets, published, isCurrent: false })
  t.strictSame(
    failed,
    [db, 'old: kept'],
    'the Secrets may be newer than a status we could not write',
  )
  t.strictSame(
    statusAfter({ secrets, published: `${published}\n(others): 1 ready, 0 failing` }),
    [db, 'old: kept'],
    'a Secret without a name there may hold anything',
  )
})

t.test('what a round has read replaces what the status said before', async (t) => {
  const published = `db: ready\n${versions}\nold: ready\n${versions}\ngone: ready\n${versions}`
  const found = { requested: new Map([['db', []]]), kept: ['old'] }
  t.strictSame(statusAfter({ secrets: new Map([['db', {}]]), published, found }), [
    'db: ready',
    '  []',
    'old: kept',
    versions,
  ])
  const unknown = { requested: new Map([['db', undefined]]), kept: [] }
  t.strictSame(statusAfter({ secrets: new Map([['db', {}]]), published, found: unknown }), [
    'db: ready',
  ])
  t.equal(statusAfter({ published, found: { requested: new Map(), kept: [] } }), undefined)
})
