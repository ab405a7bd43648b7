import t, { type Test } from 'tap'
import type { DesiredSecret } from '../../../sync/plan/desired-secret.ts'
import { planSecret } from '../../../sync/plan/plan-secret.ts'
import type { SecretData } from '../../../sync/plan/secret-data.ts'
import {
  carryOut,
  createdSecret,
  fieldsV1,
  type SecretJson,
  stored,
} from '../harness/secret-model.ts'

const account = { namespace: 'shop', name: 'web', uid: 'uid-1' }
const version = '0123456789abcdef0123456789abcdef'

const bytes = (texts: Record<string, string>) =>
  new Map(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]))

function desiredDb(
  texts: Record<string, string>,
  options: Partial<DesiredSecret['secret']> & { state?: SecretData['state'] } = {},
): DesiredSecret {
  const { state = 'whole', ...secret } = options
  return {
    secret: { name: 'db', type: 'Opaque', labels: {}, ...secret },
    data: { keys: bytes(texts), state },
    objects: [
      {
        reference: { vault: 'team-a', type: 'secret', name: 'db-password' },
        hasValue: true,
        version,
      },
    ],
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A Secret that the controller made and claimed. */
function ours(texts: Record<string, string> = { password: 'one' }, options = {}): SecretJson {
  const step = planSecret({ account, desired: desiredDb(texts, options) })
  if (step.kind !== 'create') throw new Error(step.kind)
  const created = createdSecret(step.secret)
  return carryOut(
    planSecret({ account, desired: desiredDb(texts, options), stored: stored(created) }),
    created,
  ) as SecretJson
}

/** A Secret of somebody else's. */
function theirs(
  annotations: Record<string, string> = {},
  more: Partial<SecretJson> = {},
): SecretJson {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'db',
      uid: 'foreign',
      resourceVersion: '7',
      labels: { app: 'x' },
      annotations,
      ownerReferences: [],
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Update',
          fieldsV1: fieldsV1({
            data: ['password', 'other'],
            labels: ['app'],
            annotations: Object.keys(annotations),
          }),
        },
      ],
    },
    type: 'Opaque',
    data: { password: base64('theirs'), other: base64('o') },
    ...more,
  }
}

t.test('a missing Secret is created with all its keys', async (t) => {
  const step = planSecret({
    account,
    desired: desiredDb(
      { password: 'one' },
      { labels: { app: 'web' }, annotations: { team: 'any text' } },
    ),
  })
  t.strictSame(step, {
    kind: 'create',
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'db',
        namespace: 'shop',
        labels: { app: 'web', 'app.kubernetes.io/managed-by': 'akv-injector' },
        annotations: {
          team: 'any text',
          'akv-injector.io/synced': `team-a:db-password@${version}`,
        },
        ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'uid-1' }],
      },
      type: 'Opaque',
      data: { password: base64('one') },
    },
  })
})

t.test(
  'an incomplete Secret isn’t created, but one whose objects are all optional may be empty',
  async (t) => {
    for (const state of ['waiting', 'reduced'] as const)
      t.strictSame(planSecret({ account, desired: desiredDb({ password: 'one' }, { state }) }), {
        kind: 'wait',
      })
    const step = planSecret({ account, desired: desiredDb({}) })
    t.strictSame(step.kind === 'create' && step.secret.data, {})
    t.strictSame(planSecret({ account }), { kind: 'nothing' })
  },
)

t.test('a created Secret is claimed at its version before anything is applied', async (t) => {
  const created = createdSecret(
    (planSecret({ account, desired: desiredDb({ a: '1' }) }) as never as { secret: never }).secret,
  )
  const step = planSecret({ account, desired: desiredDb({ a: '2' }), stored: stored(created) })
  t.strictSame(step, {
    kind: 'claim',
    patch: [
      { op: 'test', path: '/metadata/uid', value: created.metadata.uid },
      { op: 'test', path: '/metadata/resourceVersion', value: '1' },
      { op: 'replace', path: '/metadata/managedFields/0/operation', value: 'Apply' },
    ],
  })
  t.match(carryOut(step, created), { metadata: { managedFields: [{ operation: 'Apply' }] } })
})

t.test('a Secret in its desired state is left alone', async (t) => {
  t.strictSame(
    planSecret({ account, desired: desiredDb({ password: 'one' }), stored: stored(ours()) }),
    {
      kind: 'nothing',
    },
  )
})

t.test('any difference in our fields is applied with the uid and without force', async (t) => {
  const secret = ours()
  const { uid } = secret.metadata
  const changes: readonly DesiredSecret[] = [
    desiredDb({ password: 'two' }),
    desiredDb({ password: 'one', url: 'u' }),
    desiredDb({ url: 'u' }),
    desiredDb({ password: 'one' }, { labels: { app: 'web' } }),
    { ...desiredDb({ password: 'one' }), objects: [] },
  ]
  for (const desired of changes) {
    const step = planSecret({ account, desired, stored: stored(secret) })
    t.match(step, { kind: 'apply', force: false, secret: { metadata: { uid } } })
    const after = carryOut(step, secret) as SecretJson
    t.strictSame(planSecret({ account, desired, stored: stored(after) }), {
      kind: 'nothing',
    })
  }
})

t.test('fields that others add stay and cause no write', async (t) => {
  const secret = ours()
  secret.data['theirs'] = base64('x')
  secret.metadata.labels['theirs'] = 'x'
  secret.metadata.annotations['theirs'] = 'x'
  secret.metadata.managedFields.push({
    manager: 'argocd',
    operation: 'Apply',
    fieldsV1: fieldsV1({ data: ['theirs'], labels: ['theirs'], annotations: ['theirs'] }),
  })
  t.strictSame(
    planSecret({ account, desired: desiredDb({ password: 'one' }), stored: stored(secret) }),
    {
      kind: 'nothing',
    },
  )
  const step = planSecret({ account, desired: desiredDb({ url: 'u' }), stored: stored(secret) })
  t.match(carryOut(step, secret), {
    data: { url: base64('u'), theirs: base64('x'), password: undefined },
    metadata: { labels: { theirs: 'x' }, annotations: { theirs: 'x' } },
  })
})

/** Edits a value of ours as somebody else. The plan may ask for the field again, but never by force. */
function assertLeftToEditor(t: Test, secret: SecretJson): void {
  secret.data['password'] = base64('edited')
  const [own] = secret.metadata.managedFields
  if (own)
    own.fieldsV1 = fieldsV1({
      data: [],
      labels: ['app.kubernetes.io/managed-by'],
      annotations: ['akv-injector.io/synced'],
    })
  secret.metadata.managedFields.push({
    manager: 'kubectl-edit',
    operation: 'Update',
    fieldsV1: fieldsV1({ data: ['password'], labels: [], annotations: [] }),
  })
  const step = planSecret({
    account,
    desired: desiredDb({ password: 'one' }),
    stored: stored(secret),
  })
  t.match(step, { kind: 'apply', force: false })
  t.strictSame(carryOut(step, secret), { conflicts: ['.data.password'] })
}

t.test('a field that others changed is applied again, which gives a conflict', async (t) => {
  const secret = ours()
  assertLeftToEditor(t, secret)
})

t.test('while a value is missing, the others are updated and nothing is removed', async (t) => {
  const secret = ours({ password: 'one', old: 'x' })
  const waiting = desiredDb({ password: 'two' }, { state: 'waiting' })
  const step = planSecret({ account, desired: waiting, stored: stored(secret) })
  const after = carryOut(step, secret) as SecretJson
  t.strictSame(after.data, { password: base64('two'), old: base64('x') })
  t.strictSame(planSecret({ account, desired: waiting, stored: stored(after) }), { kind: 'wait' })
  const whole = desiredDb({ password: 'two', new: 'y' })
  t.match(carryOut(planSecret({ account, desired: whole, stored: stored(after) }), after), {
    data: { password: base64('two'), new: base64('y'), old: undefined },
  })
})

t.test(
  'keys of deleted objects are removed, and the Secret with them if it would be useless',
  async (t) => {
    const secret = ours({ password: 'one', url: 'u' })
    const { uid } = secret.metadata
    t.match(
      planSecret({
        account,
        desired: desiredDb({ url: 'u' }, { state: 'reduced' }),
        stored: stored(secret),
      }),
      { kind: 'apply', secret: { data: { url: base64('u') } } },
    )
    t.strictSame(
      planSecret({ account, desired: desiredDb({}, { state: 'reduced' }), stored: stored(secret) }),
      {
        kind: 'delete',
        uid,
        reason: 'emptied',
      },
    )
    const tls = { type: 'kubernetes.io/tls' }
    const pair = ours({ 'tls.crt': 'c', 'tls.key': 'k', more: 'm' }, tls)
    t.match(
      planSecret({
        account,
        desired: desiredDb({ 'tls.crt': 'c', more: 'm' }, { ...tls, state: 'reduced' }),
        stored: stored(pair),
      }),
      { kind: 'delete', reason: 'emptied' },
    )
  },
)

t.test('a foreign Secret is never changed, and its owner is named', async (t) => {
  const helm = theirs()
  helm.metadata.labels['app.kubernetes.io/managed-by'] = 'Helm'
  const labelled = theirs()
  labelled.metadata.labels['app.kubernetes.io/managed-by'] = 'akv-injector'
  const owned = theirs()
  owned.metadata.ownerReferences = [
    { apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'uid-1' },
  ]
  const others = ours()
  others.metadata.ownerReferences = [
    { apiVersion: 'v1', kind: 'ServiceAccount', name: 'api', uid: 'uid-2' },
  ]
  for (const [secret, message] of [
    [theirs(), /^Secret db already exists and doesn't belong to this account$/],
    [theirs({ 'akv-injector.io/adopt': 'yes' }), /doesn't belong to this account/],
    [helm, /\(it belongs to Helm\)/],
    [labelled, /\(it belongs to akv-injector\)/],
    [owned, /\(it belongs to ServiceAccount\/web\)/],
    [others, /\(it belongs to ServiceAccount\/api\)/],
  ] as const) {
    t.match(
      planSecret({ account, desired: desiredDb({ password: 'one' }), stored: stored(secret) }),
      {
        kind: 'blocked',
        error: { code: 'AKV_SECRET_FOREIGN', message },
      },
    )
    t.strictSame(planSecret({ account, stored: stored(secret) }), { kind: 'nothing' })
  }
})

t.test('an offered Secret is adopted by force once, and its other keys stay', async (t) => {
  const secret = theirs({ 'akv-injector.io/adopt': 'true' })
  const desired = desiredDb({ password: 'one' })
  t.strictSame(
    planSecret({
      account,
      desired: desiredDb({ password: 'one' }, { state: 'waiting' }),
      stored: stored(secret),
    }),
    { kind: 'wait' },
  )
  const step = planSecret({ account, desired, stored: stored(secret) })
  t.match(step, { kind: 'apply', force: true, secret: { metadata: { uid: 'foreign' } } })
  const after = carryOut(step, secret) as SecretJson
  t.strictSame(after.data, { password: base64('one'), other: base64('o') })
  t.strictSame(planSecret({ account, desired, stored: stored(after) }), { kind: 'nothing' })
  t.match(planSecret({ account, desired: desiredDb({ password: 'two' }), stored: stored(after) }), {
    kind: 'apply',
    force: false,
  })
})

t.test('fields adopted with equal values become ours alone, so that they can rotate', async (t) => {
  const secret = theirs({ 'akv-injector.io/adopt': 'true' })
  const desired = desiredDb({ password: 'theirs' }, { labels: { app: 'x' } })
  const adopted = carryOut(
    planSecret({ account, desired, stored: stored(secret) }),
    secret,
  ) as SecretJson
  const step = planSecret({ account, desired, stored: stored(adopted) })
  t.strictSame(step.kind === 'claim' && step.patch.slice(2), [
    { op: 'remove', path: '/metadata/managedFields/1/fieldsV1/f:data/f:password' },
    { op: 'remove', path: '/metadata/managedFields/1/fieldsV1/f:metadata/f:labels' },
  ])
  const claimed = carryOut(step, adopted) as SecretJson
  t.strictSame(planSecret({ account, desired, stored: stored(claimed) }), {
    kind: 'nothing',
  })
  const rotated = planSecret({
    account,
    desired: desiredDb({ password: 'new' }, { labels: { app: 'x' } }),
    stored: stored(claimed),
  })
  t.match(carryOut(rotated, claimed), { data: { password: base64('new'), other: base64('o') } })
})

t.test('changes by others in an adopted Secret are not taken back by force', async (t) => {
  const secret = ours()
  secret.metadata.annotations['akv-injector.io/adopt'] = 'true'
  assertLeftToEditor(t, secret)
})

t.test('our label is removed from another manager’s entry by its escaped name', async (t) => {
  const secret = ours()
  secret.metadata.annotations['akv-injector.io/adopt'] = 'true'
  secret.metadata.managedFields.push({
    manager: 'a',
    operation: 'Apply',
    fieldsV1: fieldsV1({
      data: [],
      labels: ['app.kubernetes.io/managed-by', 'app.kubernetes.io/name'],
      annotations: [],
    }),
  })
  t.match(
    planSecret({ account, desired: desiredDb({ password: 'one' }), stored: stored(secret) }),
    {
      kind: 'claim',
      patch: [
        { op: 'test', path: '/metadata/uid' },
        { op: 'test', path: '/metadata/resourceVersion' },
        {
          op: 'remove',
          path: '/metadata/managedFields/1/fieldsV1/f:metadata/f:labels/f:app.kubernetes.io~1managed-by',
        },
      ],
    },
  )
})

t.test('fields shared with other managers stay shared unless the Secret was offered', async (t) => {
  const secret = ours()
  secret.metadata.managedFields.push({
    manager: 'argocd',
    operation: 'Apply',
    fieldsV1: fieldsV1({ data: ['password'], labels: [], annotations: [] }),
  })
  t.strictSame(
    planSecret({ account, desired: desiredDb({ password: 'one' }), stored: stored(secret) }),
    {
      kind: 'nothing',
    },
  )
})

t.test('another account’s Secret is not adopted, because both would take it in turn', async (t) => {
  const secret = ours()
  secret.metadata.annotations['akv-injector.io/adopt'] = 'true'
  const other = { ...account, name: 'api', uid: 'uid-2' }
  t.match(
    planSecret({
      account: other,
      desired: desiredDb({ password: 'one' }),
      stored: stored(secret),
    }),
    {
      kind: 'blocked',
      error: { code: 'AKV_SECRET_FOREIGN' },
    },
  )
})

t.test('removing an entry deletes its Secret', async (t) => {
  const secret = ours()
  t.strictSame(planSecret({ account, stored: stored(secret) }), {
    kind: 'delete',
    uid: secret.metadata.uid,
    reason: 'unwanted',
  })
})

t.test(
  'a Secret of a former account with that name is deleted once its replacement is complete',
  async (t) => {
    const secret = ours()
    const again = { ...account, uid: 'uid-9' }
    const plan = (desired?: DesiredSecret) =>
      planSecret({ account: again, desired, stored: stored(secret) })
    t.strictSame(plan(desiredDb({ password: 'one' }, { state: 'waiting' })), { kind: 'wait' })
    t.match(plan(desiredDb({ password: 'one' })), {
      kind: 'delete',
      uid: secret.metadata.uid,
      reason: 'renewed',
    })
    t.match(plan(), { kind: 'delete', reason: 'unwanted' })
  },
)

t.test('the plan waits for a Secret that is being deleted', async (t) => {
  const secret = ours()
  secret.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  t.strictSame(
    planSecret({ account, desired: desiredDb({ password: 'two' }), stored: stored(secret) }),
    {
      kind: 'wait',
    },
  )
  t.strictSame(planSecret({ account, stored: stored(secret) }), { kind: 'nothing' })
})

t.test('a Secret that the API server would refuse is reported without its values', async (t) => {
  const immutable = { ...ours(), immutable: true }
  const tls = { type: 'kubernetes.io/tls' }
  for (const [code, message, desired, there] of [
    [
      'AKV_SECRET_TYPE',
      'Secret db: its type is Opaque, but kubernetes.io/tls is requested',
      desiredDb({ 'tls.crt': 'hunter2', 'tls.key': 'k' }, tls),
      ours(),
    ],
    ['AKV_SECRET_IMMUTABLE', /is immutable/, desiredDb({ password: 'hunter2' }), immutable],
    ['AKV_SECRET_IMMUTABLE', /is immutable/, desiredDb({}), immutable],
  ] as const) {
    const step = planSecret({ account, desired, stored: stored(there) })
    t.match(step, { kind: 'blocked', error: { code, message } }, code)
    t.notMatch(JSON.stringify(step), /hunter2/)
  }
})

t.test('the message about refused values is the same for any value', async (t) => {
  const big = 'x'.repeat(1024 * 1024)
  const immutable = { ...ours(), immutable: true }
  const tls = { type: 'kubernetes.io/tls' }
  for (const [detail, desired, there] of [
    [/1 MiB/, desiredDb({ a: big, b: 'x' })],
    [
      /1 MiB/,
      desiredDb({ password: big.slice(1) }),
      { ...theirs({ 'akv-injector.io/adopt': 'true' }), data: { other: base64('xx') } },
    ],
    [
      "Secret db: the name of property number 1 isn't a valid key: a key is 1 to 253 letters",
      desiredDb({ 'a b': 'hunter2' }),
    ],
    [/not every program/, desiredDb(JSON.parse('{"__proto__":"hunter2"}'))],
    [/begin with/, desiredDb({ '..data': 'hunter2' })],
    [
      'Secret db: type kubernetes.io/tls needs the key tls.key',
      desiredDb({ 'tls.crt': 'hunter2' }, tls),
    ],
    ['username or password', desiredDb({ x: 'hunter2' }, { type: 'kubernetes.io/basic-auth' })],
  ] as const) {
    const step = planSecret({ account, desired, ...(there && { stored: stored(there) }) })
    if (step.kind !== 'blocked') throw new Error(step.kind)
    t.equal(step.error.code, 'AKV_SYNC_VALUES')
    t.equal(step.error.message, "Secret db: its keys can't be made of the values in the vault")
    t.match(step.error.detail, detail)
    t.notMatch(JSON.stringify(step), /hunter2/)
  }
  t.match(
    planSecret({ account, desired: desiredDb({ a: big }) }),
    { kind: 'create' },
    '1 MiB is allowed',
  )
  t.match(
    planSecret({
      account,
      desired: desiredDb({ password: 'one' }, { labels: { a: 'b' } }),
      stored: stored(immutable),
    }),
    { kind: 'apply' },
    'labels of an immutable Secret may change',
  )
})
