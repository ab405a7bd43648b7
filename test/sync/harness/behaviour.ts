import type { Test } from 'tap'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import type { DesiredSecret } from '../../../sync/plan/desired-secret.ts'
import { planSecret } from '../../../sync/plan/plan-secret.ts'
import { settleSecret } from '../../../sync/round/settle/settle-secret.ts'

/** The changes that other people make, on the tests' API server or on a real one. */
export interface Others {
  /** Writes keys of a Secret, which it makes where there is none. */
  write(name: string, data: Readonly<Record<string, string>>): Promise<void>
  offer(name: string): Promise<void>
  delete(name: string): Promise<void>
}

/** Shows what sync does to a Secret and what it leaves alone, on the tests' API server or on a real one. */
export async function showBehaviour(
  t: Test,
  options: {
    readonly cluster: SyncCluster
    readonly others: Others
    readonly account: { readonly namespace: string; readonly name: string; readonly uid: string }
  },
): Promise<void> {
  const { cluster, others } = options
  const account = { ...options.account, annotations: {} }
  const { namespace } = account
  const desired = (name: string, data: Readonly<Record<string, string>>): DesiredSecret => ({
    secret: { name, type: 'Opaque', labels: { app: 'web' } },
    data: {
      keys: new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
      state: 'whole',
    },
    objects: [],
  })
  const settle = async (name: string, data?: Readonly<Record<string, string>>) => {
    const {
      error,
      stored: _,
      ...settled
    } = await settleSecret({
      cluster,
      account,
      name,
      desired: data && desired(name, data),
      onWrite: (kind) => writes.push(kind),
      signal: new AbortController().signal,
    })
    if (error !== undefined) throw error
    return settled
  }
  const writes: string[] = []
  const read = async (name: string) => {
    const stored = await cluster.readSecret({ namespace, name })
    const entries = [...(stored?.data ?? [])].map(([key, bytes]) => [key, String(bytes)])
    return Object.fromEntries(entries)
  }
  const version = async (name: string) =>
    (await cluster.readSecret({ namespace, name }))?.resourceVersion

  await t.test('a Secret is created with all keys, claimed, changed and deleted', async (t) => {
    t.match(await settle('db', { a: '1', b: '2', 'c.d': '3' }), {
      change: 'created',
      state: 'done',
    })
    t.strictSame(writes.splice(0), ['create', 'claim'])
    t.match(await settle('db', { a: '1', b: '22' }), { change: 'updated', state: 'done' })
    t.strictSame(writes.splice(0), ['apply'])
    t.strictSame(await read('db'), { a: '1', b: '22' }, 'what is ours no more is gone')
    const before = await version('db')
    t.strictSame(await settle('db', { a: '1', b: '22' }), { state: 'done' })
    t.equal(await version('db'), before)
    t.match(await settle('db'), { change: 'deleted', state: 'done' })
    t.equal(await cluster.readSecret({ namespace, name: 'db' }), undefined)
    t.strictSame(writes.splice(0), ['delete'])
  })

  await t.test('keys that others add stay, and their changes of ours are reported', async (t) => {
    await settle('shared', { a: '1', b: '2' })
    await others.write('shared', { theirs: 'x' })
    await settle('shared', { a: '1', b: '3' })
    t.strictSame(await read('shared'), { a: '1', b: '3', theirs: 'x' })
    await others.write('shared', { a: 'edited' })
    await t.rejects(settle('shared', { a: '1', b: '4' }), {
      code: 'AKV_SECRET_CONFLICT',
      message: /data\.a belongs to "kubectl-edit"$/,
    })
    t.strictSame(await read('shared'), { a: 'edited', b: '3', theirs: 'x' })
  })

  await t.test('a foreign Secret isn’t changed until it is offered', async (t) => {
    await others.write('foreign', { a: 'old', theirs: 'x' })
    const before = await version('foreign')
    await t.rejects(settle('foreign', { a: '1' }), { code: 'AKV_SECRET_FOREIGN' })
    t.strictSame(await settle('foreign'), { state: 'done' }, 'nor deleted')
    t.equal(await version('foreign'), before)
    await others.offer('foreign')
    t.match(await settle('foreign', { a: '1' }), { change: 'adopted', state: 'done' })
    t.strictSame(await read('foreign'), { a: '1', theirs: 'x' })
    t.match(await settle('foreign', { a: '2' }), { change: 'updated' })
  })

  await t.test('a Secret offered with equal values can rotate, too', async (t) => {
    await others.write('same', { a: '1', theirs: 'x' })
    await others.offer('same')
    t.match(await settle('same', { a: '1' }), { change: 'adopted', state: 'done' })
    t.match(await settle('same', { a: '2' }), { change: 'updated', state: 'done' })
    t.strictSame(await read('same'), { a: '2', theirs: 'x' })
  })

  await t.test('writes only affect the object that was read', async (t) => {
    await settle('race', { a: '1' })
    const stored = await cluster.readSecret({ namespace, name: 'race' })
    const step = planSecret({ account, desired: desired('race', { a: '2' }), stored })
    if (step.kind !== 'apply' || !stored) throw new Error('it is to be applied')
    await others.delete('race')
    const stale = (promise: Promise<unknown>, message: string) =>
      t.rejects(promise, { name: 'StaleError' }, message)
    await stale(cluster.applySecret(step.secret, { force: false }), 'it has gone')
    await stale(cluster.deleteSecret({ namespace, name: 'race' }, stored.uid), 'it has gone')
    await others.write('race', { a: '2' })
    await stale(cluster.applySecret(step.secret, { force: true }), 'it is another')
    await stale(cluster.deleteSecret({ namespace, name: 'race' }, stored.uid), 'it is another')
    await stale(
      cluster.claimSecret({ namespace, name: 'race' }, [
        { op: 'test', path: '/metadata/uid', value: stored.uid },
      ]),
      'it is another',
    )
    await stale(cluster.createSecret(step.secret), 'it is there')
    t.strictSame(await read('race'), { a: '2' })
    // Another value conflicts before the uid is looked at: a fresh look tells the two apart.
    await others.write('race', { a: 'theirs' })
    await t.rejects(cluster.applySecret(step.secret, { force: false }), {
      code: 'AKV_SECRET_CONFLICT',
    })
    await t.rejects(settle('race', { a: '2' }), { code: 'AKV_SECRET_FOREIGN' })
  })

  await t.test('a refusal of the API server is reported without values', async (t) => {
    const secret = { name: 'pull', type: 'kubernetes.io/dockerconfigjson', labels: {} }
    const keys = new Map([['.dockerconfigjson', Buffer.from('s3cr3t no JSON')]])
    const step = planSecret({
      account,
      desired: { secret, data: { keys, state: 'whole' }, objects: [] },
    })
    if (step.kind !== 'create') throw new Error('it is to be created')
    const error = await cluster.createSecret(step.secret).catch((error: unknown) => error)
    if (!(error instanceof AkvError)) throw new Error('it is refused')
    t.match(error, {
      code: 'AKV_SYNC_VALUES',
      message: /Secret .*\/pull$/,
      detail: /Secret .*\/pull: rejected: data\[\.dockerconfigjson\] \(FieldValueInvalid\)$/,
    })
  })
}
