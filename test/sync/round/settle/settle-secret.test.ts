import t from 'tap'
import { AkvError } from '../../../../lib/errors/akv-error.ts'
import type { SyncCluster } from '../../../../sync/cluster/cluster-port.ts'
import type { DesiredSecret } from '../../../../sync/plan/desired-secret.ts'
import type { StoredSecret } from '../../../../sync/plan/stored-secret.ts'
import { settleSecret } from '../../../../sync/round/settle/settle-secret.ts'
import { memoryCluster } from '../../harness/memory-cluster.ts'

const account = { namespace: 'team-a', name: 'web', uid: 'the-uid', annotations: {} }
const desired = (value: string): DesiredSecret => ({
  secret: { name: 'db', type: 'Opaque', labels: {} },
  data: { keys: new Map([['key', Buffer.from(value)]]), state: 'whole' },
  objects: [],
})

/** A cluster with our Secret `db`, in which the test may replace functions. */
async function start() {
  const { cluster, secrets } = memoryCluster({ accounts: [] })
  const settle = (
    more: {
      readonly desired?: DesiredSecret
      readonly found?: { readonly stored: StoredSecret | undefined }
    },
    functions: Partial<SyncCluster> = {},
  ) =>
    settleSecret({
      cluster: { ...cluster, ...functions },
      account,
      name: 'db',
      onWrite: () => undefined,
      signal: new AbortController().signal,
      ...more,
    })
  const { stored } = await settle({ desired: desired('old') })
  return {
    cluster,
    secrets,
    settle,
    stored,
    /** Somebody else deletes the Secret, and creates one of the same name. */
    replace() {
      secrets.delete('team-a/db')
      secrets.create('team-a/db', { data: { theirs: 'eA==' } })
    },
  }
}

t.test('a Secret that somebody has created anew meanwhile isn’t deleted', async (t) => {
  const { secrets, settle, stored, replace } = await start()
  t.ok(stored)
  replace()
  await settle({ found: { stored } })
  t.strictSame(secrets.get('team-a/db')?.data, { theirs: 'eA==' })
})

t.test('ours is deleted', async (t) => {
  const { secrets, settle, stored } = await start()
  t.match(await settle({ found: { stored } }), { state: 'done', change: 'deleted' })
  t.equal(secrets.get('team-a/db'), undefined)
})

const conflict = new AkvError('AKV_SECRET_CONFLICT', 'a conflict of fields')

t.test('a conflict with a Secret that was created anew isn’t the error', async (t) => {
  const { secrets, settle, stored, replace } = await start()
  const applySecret = async () => {
    replace()
    throw conflict
  }
  const { state, error } = await settle(
    { desired: desired('new'), found: { stored } },
    { applySecret },
  )
  t.equal(state, 'failed')
  t.equal(error?.code, 'AKV_SECRET_FOREIGN', 'it was read again')
  t.strictSame(secrets.get('team-a/db')?.data, { theirs: 'eA==' })
})

t.test('a conflict with the same Secret is the error', async (t) => {
  const { settle, stored } = await start()
  const applySecret = async () => {
    throw conflict
  }
  const { state, error } = await settle(
    { desired: desired('new'), found: { stored } },
    { applySecret },
  )
  t.equal(state, 'failed')
  t.equal(error, conflict)
})

t.test(
  'a Secret says when its values have changed, and since when they are the same',
  async (t) => {
    const { secrets, settle } = await start()
    const changedAt = () =>
      secrets.get('team-a/db')?.metadata.annotations?.['akv-injector.io/changed-at']
    const at = (ms: number) => ({ serverTimeMs: () => ms })
    t.equal(changedAt(), undefined, 'nobody can have an older value than the first')
    await settle({ desired: desired('new') }, at(1_000))
    t.equal(changedAt(), '1970-01-01T00:00:01.000Z')
    t.match(await settle({ desired: desired('new') }, at(2_000)), { state: 'done' })
    t.equal(changedAt(), '1970-01-01T00:00:01.000Z')
    await settle({ desired: desired('newer') }, at(3_000))
    t.equal(changedAt(), '1970-01-01T00:00:03.000Z')
  },
)
