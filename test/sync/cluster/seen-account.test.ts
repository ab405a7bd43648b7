import t from 'tap'
import { readSeenAccount, withoutDetails } from '../../../sync/cluster/seen-account.ts'

const metadata = { namespace: 'shop', name: 'web', uid: 'u', resourceVersion: '1' }
const seen = (annotations: Readonly<Record<string, unknown>>) => {
  const [account] = readSeenAccount({ metadata: { ...metadata, annotations } })
  if (account === undefined) throw new Error('no account')
  return account
}

t.test('only the existence of a request is known of an account that isn’t enabled', async (t) => {
  const asks = { 'akv-injector.io/sync': '- secret: db'.repeat(1000) }
  t.strictSame(withoutDetails(seen(asks)), {
    ...metadata,
    annotations: { 'akv-injector.io/sync': '' },
  })
  for (const annotations of [
    {},
    { 'akv-injector.io/vault': 'team-a' },
    { ...asks, 'akv-injector.io/inject': 'false' },
  ])
    t.strictSame(withoutDetails(seen(annotations)), { ...metadata, annotations: {} })
})

t.test('an invalid account is ignored', async (t) => {
  for (const object of [undefined, 'x', {}, { metadata: { ...metadata, uid: 1 } }])
    t.strictSame(readSeenAccount(object), [])
})

t.test('a new status doesn’t change a request, and a new sync-now does', async (t) => {
  const sync = { 'akv-injector.io/sync': '- secret: db' }
  const before = seen(sync)
  const status = 'akv-injector.io/sync-status'
  t.strictSame(seen({ ...sync, [status]: 'db: ready' }), { ...before, status: 'db: ready' })
  t.strictSame(seen({ ...sync, [status]: 'x'.repeat(200_000) }), { ...before, status: '' })
  t.strictSame(seen({ ...sync, [status]: 1 }), before)
  t.strictSame(withoutDetails(seen({ [status]: 'db: ready' })), { ...metadata, annotations: {} })
  t.not(
    seen({ ...sync, 'akv-injector.io/sync-now': '1' }).annotations['akv-injector.io/sync-now'],
    undefined,
  )
})
