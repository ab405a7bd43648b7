import fc from 'fast-check'
import t from 'tap'
import type { DesiredSecret } from '../../../sync/plan/desired-secret.ts'
import { planSecret } from '../../../sync/plan/plan-secret.ts'
import { isReached, numRuns } from '../../support/property-runs.ts'
import { carryOut, fieldsV1, type SecretJson, stored } from '../harness/secret-model.ts'

const runs = { numRuns }
const account = { namespace: 'shop', name: 'web', uid: 'uid-1' }

const key = fc.constantFrom('a', 'b', 'tls.crt', 'tls.key', 'constructor', 'a b')
const value = fc.constantFrom('', '1', '2')
const texts = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true })
const label = fc.constantFrom('app', 'team', 'app.kubernetes.io/managed-by')
const type = fc.constantFrom('Opaque', 'kubernetes.io/tls')

const desired = fc
  .record({
    type,
    labels: fc.dictionary(fc.constantFrom('app', 'team'), value, { noNullPrototype: true }),
    texts,
    state: fc.constantFrom('whole', 'waiting', 'reduced'),
    version: fc.option(fc.constantFrom('0'.repeat(32), '1'.repeat(32)), { nil: undefined }),
  })
  .map(({ texts, state, version, ...secret }): DesiredSecret => {
    const reference = { vault: 'team-a', type: 'secret', name: 'x' } as const
    return {
      secret: { name: 'db', ...secret },
      data: {
        keys: new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])),
        state,
      },
      objects: [{ reference, hasValue: true, ...(version !== undefined && { version }) }],
    }
  })

const owner = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constantFrom('ServiceAccount', 'ConfigMap'),
  name: fc.constantFrom('web', 'api'),
  uid: fc.constantFrom('uid-1', 'uid-2'),
})

const entry = fc.record({
  manager: fc.constantFrom('kubectl', 'argocd', 'akv-injector-sync'),
  operation: fc.constantFrom('Apply', 'Update'),
  fieldsV1: fc
    .record({
      data: fc.uniqueArray(key),
      labels: fc.uniqueArray(label),
      annotations: fc.constantFrom([], ['akv-injector.io/synced']),
    })
    .map(fieldsV1),
})

/** Secrets as anybody may have left them. */
const secret = fc
  .record({
    labels: fc.dictionary(label, fc.constantFrom('x', 'akv-injector'), { noNullPrototype: true }),
    annotations: fc.dictionary(
      fc.constantFrom('akv-injector.io/adopt', 'akv-injector.io/synced'),
      fc.constantFrom('true', 'x'),
      { noNullPrototype: true },
    ),
    owners: fc.uniqueArray(owner, { selector: ({ uid }) => uid, maxLength: 2 }),
    managers: fc.uniqueArray(entry, { selector: ({ manager, operation }) => manager + operation }),
    type,
    immutable: fc.boolean(),
    texts,
  })
  .map(
    ({ labels, annotations, owners, managers, texts, type, immutable }): SecretJson => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'db',
        uid: 'stored-uid',
        resourceVersion: '5',
        labels,
        annotations,
        ownerReferences: owners,
        managedFields: managers as SecretJson['metadata']['managedFields'],
      },
      type,
      immutable,
      data: Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
      ),
    }),
  )

/** A Secret that the account owns or is offered, and what the account requests for it: most of them can be written. */
const writable = fc
  .record({
    secret,
    desired: desired.filter(({ data }) => data.state !== 'waiting' && !data.keys.has('a b')),
    isOffered: fc.boolean(),
  })
  .map(({ secret, desired, isOffered }) => {
    const { metadata } = secret
    const { labels, annotations } = metadata
    const type = 'Opaque'
    return {
      desired: { ...desired, secret: { ...desired.secret, type } },
      secret: {
        ...secret,
        type,
        immutable: false,
        metadata: isOffered
          ? {
              ...metadata,
              annotations: { ...annotations, 'akv-injector.io/adopt': 'true' },
              ownerReferences: [],
            }
          : {
              ...metadata,
              labels: { ...labels, 'app.kubernetes.io/managed-by': 'akv-injector' },
              ownerReferences: [accountReference],
            },
      },
    }
  })
const accountReference = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'uid-1' }

const isOurs = ({ metadata }: SecretJson): boolean =>
  metadata.labels['app.kubernetes.io/managed-by'] === 'akv-injector' &&
  metadata.ownerReferences.some(
    ({ kind, name, uid }) => kind === 'ServiceAccount' && (uid === account.uid || name === 'web'),
  )

t.test('Secrets that aren’t ours and aren’t offered are never changed', async () => {
  fc.assert(
    fc.property(secret, fc.option(desired, { nil: undefined }), (secret, desired) => {
      fc.pre(!isOurs(secret) && secret.metadata.annotations['akv-injector.io/adopt'] !== 'true')
      const { kind } = planSecret({ account, desired, stored: stored(secret) })
      return kind === (desired === undefined ? 'nothing' : 'blocked')
    }),
    runs,
  )
})

t.test('force is only for offered Secrets, and writes always carry the stored uid', async () => {
  fc.assert(
    fc.property(secret, fc.option(desired, { nil: undefined }), (secret, desired) => {
      const step = planSecret({ account, desired, stored: stored(secret) })
      if (step.kind === 'delete') return step.uid === 'stored-uid' && isOurs(secret)
      if (step.kind !== 'apply') return true
      return step.secret.metadata.uid === 'stored-uid' && step.force !== isOurs(secret)
    }),
    runs,
  )
})

t.test('a few steps reach the desired state, and no step repeats', async () => {
  fc.assert(
    fc.property(
      fc.option(secret, { nil: undefined }),
      fc.option(desired, { nil: undefined }),
      (start, desired) => {
        let current = start
        for (let steps = 0; steps < 5; steps++) {
          const step = planSecret({ account, desired, stored: current && stored(current) })
          if (['nothing', 'wait', 'blocked'].includes(step.kind)) return true
          const after = carryOut(step, current)
          // Somebody else holds a field: a person has to decide.
          if (after !== undefined && 'conflicts' in after) return true
          current = after
        }
        return false
      },
    ),
    runs,
  )
})

t.test('only complete Secrets are created, and an apply contains every desired key', async () => {
  fc.assert(
    fc.property(fc.option(secret, { nil: undefined }), desired, (secret, desired) => {
      const step = planSecret({ account, desired, stored: secret && stored(secret) })
      if (step.kind === 'create') return desired.data.state === 'whole'
      if (step.kind !== 'apply') return true
      return [...desired.data.keys].every(
        ([name, bytes]) => step.secret.data[name] === Buffer.from(bytes).toString('base64'),
      )
    }),
    runs,
  )
})

t.test('keys, labels and annotations of others survive', async (t) => {
  let applied = 0
  t.ok(
    isReached(
      () =>
        fc.assert(
          fc.property(writable, ({ secret, desired }) => {
            const step = planSecret({ account, desired, stored: stored(secret) })
            const after = step.kind === 'apply' ? carryOut(step, secret) : undefined
            if (after === undefined || 'conflicts' in after) return true
            applied++
            const own = stored(secret).applied
            return (
              Object.keys(secret.data).every(
                (name) => own.data.has(name) || Object.hasOwn(after.data, name),
              ) &&
              Object.keys(secret.metadata.labels).every(
                (name) => own.labels.has(name) || Object.hasOwn(after.metadata.labels, name),
              )
            )
          }),
          runs,
        ),
      (rounds) => applied >= (rounds * numRuns) / 10,
    ),
    `${applied} Secrets were written`,
  )
})
