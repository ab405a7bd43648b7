import fc from 'fast-check'
import t from 'tap'
import { readStoredSecret } from '../../../sync/plan/stored-secret.ts'

/** As an API server of 1.36 answers after a POST by our field manager, and an Apply of another. */
const answer = {
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: {
    name: 'db',
    namespace: 'shop',
    uid: 'c5a9c4b0-6b1e-4c5b-9a53-2f4ed1f0a001',
    resourceVersion: '4711',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'app.kubernetes.io/managed-by': 'akv-injector', theirs: 'x' },
    annotations: { 'akv-injector.io/synced': 'team-a:db@0' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'u' }],
    managedFields: [
      {
        manager: 'argocd',
        operation: 'Apply',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { 'f:theirs': {} } } },
      },
      {
        manager: 'akv-injector-sync',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:data': { '.': {}, 'f:password': {} },
          'f:metadata': {
            'f:annotations': { '.': {}, 'f:akv-injector.io/synced': {} },
            'f:labels': { '.': {}, 'f:app.kubernetes.io/managed-by': {} },
            'f:ownerReferences': { '.': {}, 'k:{"uid":"u"}': {} },
          },
          'f:type': {},
        },
      },
    ],
  },
  data: { password: 'b25l' },
  type: 'Opaque',
}

const read = (object: unknown) => {
  const parsed = readStoredSecret(object)
  if (parsed.kind === 'invalid') throw new Error(parsed.problem)
  return parsed.value
}

t.test('a Secret that isn’t claimed yet has no applied fields', async (t) => {
  const secret = read(answer)
  t.equal(secret.unclaimedEntry, 1)
  t.equal(secret.applied.data.size + secret.applied.labels.size, 0)
  t.match(secret, { name: 'db', resourceVersion: '4711', type: 'Opaque', isImmutable: false })
  t.match(secret.owners, [{ kind: 'ServiceAccount', name: 'web', uid: 'u' }])
  t.equal(Buffer.from(secret.data.get('password') ?? []).toString(), 'one')
})

t.test('our applied fields are distinguished from those of others', async (t) => {
  const claimed = structuredClone(answer)
  if (claimed.metadata.managedFields[1]) claimed.metadata.managedFields[1].operation = 'Apply'
  const secret = read(claimed)
  t.equal(secret.unclaimedEntry, undefined)
  t.strictSame([...secret.applied.data], ['password'])
  t.strictSame([...secret.applied.labels], ['app.kubernetes.io/managed-by'])
  t.strictSame([...secret.applied.annotations], ['akv-injector.io/synced'])
})

t.test('an Update entry beside our Apply entry counts as somebody else’s edit', async (t) => {
  const both = structuredClone(answer)
  const [, own] = both.metadata.managedFields
  if (own) both.metadata.managedFields.push({ ...own, operation: 'Apply' })
  t.equal(read(both).unclaimedEntry, undefined)
  t.strictSame([...read(both).applied.data], ['password'])
})

t.test('a Secret without optional members is accepted', async (t) => {
  const metadata = { name: 'db', uid: 'u', resourceVersion: '1', deletionTimestamp: 'now' }
  const secret = read({ metadata, type: 'x', immutable: true })
  t.match(secret, { isImmutable: true, isBeingDeleted: true })
  t.equal(secret.data.size + secret.labels.size + secret.owners.length, 0)
})

t.test('an invalid Secret is reported without its content', async (t) => {
  for (const object of [
    undefined,
    null,
    'hunter2',
    [],
    {},
    { ...answer, type: 7 },
    { ...answer, data: { password: { hunter2: 1 } } },
    { ...answer, metadata: { ...answer.metadata, managedFields: 'hunter2' } },
  ]) {
    const parsed = readStoredSecret(object)
    t.match(parsed, { problem: /^the API server's answer isn't a valid Secret/ })
    t.notMatch(JSON.stringify(parsed), /hunter2/)
  }
  fc.assert(
    fc.property(fc.anything(), (fieldsV1) => {
      const managedFields = [{ manager: 'akv-injector-sync', operation: 'Apply', fieldsV1 }]
      return (
        readStoredSecret({ ...answer, metadata: { ...answer.metadata, managedFields } }).kind ===
        'valid'
      )
    }),
  )
})
