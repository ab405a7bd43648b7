import t from 'tap'
import { trustedMetadata } from '../../../requests/secret/trusted-metadata.ts'
import type { Answer, KubeObject } from '../client/api.ts'
import { expectSuccess } from '../client/expect-success.ts'
import {
  accountsIn,
  deniedBy,
  fieldManager,
  openSyncAccount,
  secretsIn,
} from './harness/sync-account.ts'

/** Tests which Secrets the sync controller can write in the namespaces with enabled accounts. */
const { api, controller, namespaces } = await openSyncAccount(t)
const { teamA } = namespaces
const ours = { 'app.kubernetes.io/managed-by': 'akv-injector' }
const web = expectSuccess(await api.call({ method: 'GET', path: `${accountsIn(teamA)}/web` })).body
const owner = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  name: 'web',
  uid: String(web.metadata['uid']),
}

interface SecretFields {
  readonly name: string
  readonly type?: string
  readonly metadata?: object
  readonly data?: Readonly<Record<string, string>>
}

/** Returns a Secret, by default one of the controller's. */
const secret = ({ name, type = 'Opaque', metadata = {}, data = {} }: SecretFields) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, labels: ours, ownerReferences: [owner], ...metadata },
  type,
  data,
})
const value = (text: string) => Buffer.from(text).toString('base64')

const pathOf = (name: string) => `${secretsIn(teamA)}/${name}`
const create = (body: object, query: Readonly<Record<string, string>> = {}) =>
  controller.call({
    method: 'POST',
    path: secretsIn(teamA),
    body,
    query: { fieldManager, ...query },
  })
const read = (name: string) => controller.call({ method: 'GET', path: pathOf(name) })
const patch = (name: string, body: object, type = 'merge-patch+json') =>
  controller.call({
    method: 'PATCH',
    path: pathOf(name),
    body,
    contentType: `application/${type}`,
    query: { fieldManager, ...(type === 'apply-patch+yaml' && { force: 'true' }) },
  })
const apply = (name: string, body: object) => patch(name, body, 'apply-patch+yaml')
const remove = (name: string, uid?: unknown) =>
  controller.call({
    method: 'DELETE',
    path: pathOf(name),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
  })

/** Creates a foreign Secret. */
async function foreign(name: string, fields: object = {}): Promise<KubeObject> {
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    data: { theirs: value('theirs') },
    ...fields,
  }
  return expectSuccess(await api.call({ method: 'POST', path: secretsIn(teamA), body })).body
}

t.test(
  'the sync controller creates a Secret, claims it, changes it by apply and deletes it',
  async (t) => {
    const { body: made } = expectSuccess(
      await create(secret({ name: 'db', data: { a: value('1') } })),
    )
    const entry = { path: '/metadata/managedFields/0/operation' }
    const claim = [
      { op: 'test', path: '/metadata/uid', value: made.metadata['uid'] },
      { op: 'test', ...entry, value: 'Update' },
      { op: 'replace', ...entry, value: 'Apply' },
    ]
    expectSuccess(await patch('db', claim, 'json-patch+json'))
    const next = secret({
      name: 'db',
      metadata: { uid: made.metadata['uid'] },
      data: { b: value('2') },
    })
    const { body } = expectSuccess(await apply('db', next))
    t.strictSame(body['data'], { b: value('2') }, 'and the key that it no longer applies is gone')
    t.equal((await remove('db', made.metadata['uid'])).status, 200)
    t.equal((await read('db')).status, 404)
  },
)

t.test('the sync controller writes the record of an account’s Secrets', async (t) => {
  const name = 'akv-injector-sync-web'
  const record = secret({ name, type: 'akv-injector.io/sync-record', data: { names: value('db') } })
  const { body } = expectSuccess(await create(record))
  t.equal((await remove(name, body.metadata['uid'])).status, 200)
})

t.test(
  'the sync controller creates a Secret of every type that an annotation can name',
  async (t) => {
    const types: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'kubernetes.io/tls': { 'tls.crt': value('crt'), 'tls.key': value('key') },
      'kubernetes.io/dockerconfigjson': { '.dockerconfigjson': value('{"auths":{}}') },
      'kubernetes.io/basic-auth': { username: value('u'), password: value('p') },
      'kubernetes.io/ssh-auth': { 'ssh-privatekey': value('k') },
      'example.com/own': {},
    }
    for (const [type, data] of Object.entries(types)) {
      const { status, body } = await create(secret({ name: 'typed', type, data }), {
        dryRun: 'All',
      })
      t.equal(status, 201, `${type} ${body.message ?? ''}`)
    }
  },
)

t.test(
  'the sync controller can create Secrets only with its label and the account as owner',
  async (t) => {
    for (const [what, metadata] of Object.entries({
      'no label': { labels: {} },
      'another kind of owner': { ownerReferences: [{ ...owner, kind: 'ConfigMap' }] },
    })) {
      const body = secret({ name: 'new', metadata })
      for (const answer of [await create(body), await apply('new', body)]) {
        t.equal(answer.status, 422, what)
        t.match(answer.body.message, deniedBy('secrets'), what)
      }
    }
    t.equal((await read('new')).status, 404)
  },
)

t.test(
  'the sync controller can’t create a Secret of a type that others trust with access to the cluster',
  async (t) => {
    const annotations = { 'kubernetes.io/service-account.name': 'other' }
    for (const type of trustedMetadata.types.keys()) {
      const body = secret({ name: 'token', type, metadata: { annotations } })
      for (const answer of [await create(body), await apply('token', body)]) {
        t.equal(answer.status, 422, type)
        t.match(answer.body.message, deniedBy('secrets'), type)
      }
    }
    expectSuccess(await create(secret({ name: 'turned' })))
    const { status } = await patch('turned', {
      metadata: { annotations },
      type: 'kubernetes.io/service-account-token',
    })
    t.equal(status, 422, 'nor turn one of its own into one')
    expectSuccess(await remove('turned'))
  },
)

t.test('the sync controller can neither change nor delete a foreign Secret', async (t) => {
  const labelled = { labels: ours, ownerReferences: [owner] }
  const cases: Readonly<Record<string, object>> = {
    plain: {},
    'labelled-only': { metadata: { name: 'labelled-only', labels: ours } },
    'owned-only': { metadata: { name: 'owned-only', ownerReferences: [owner] } },
    'not-adopted': {
      metadata: { name: 'not-adopted', annotations: { 'akv-injector.io/adopt': 'false' } },
    },
    token: {
      metadata: { name: 'token', annotations: { 'kubernetes.io/service-account.name': 'other' } },
      type: 'kubernetes.io/service-account-token',
    },
  }
  for (const [name, fields] of Object.entries(cases)) {
    const before = await foreign(name, fields)
    const attempts: Readonly<Record<string, Answer>> = {
      'its data': await patch(name, { data: { theirs: value('mine') } }),
      'a further key': await patch(name, { data: { mine: value('mine') } }),
      'an annotation that gives it away': await patch(name, {
        metadata: { annotations: { 'akv-injector.io/adopt': 'true' } },
      }),
      'our label and owner': await patch(name, { metadata: labelled }),
      'by apply': await apply(name, secret({ name, type: String(before['type']) })),
      'by JSON patch': await patch(
        name,
        [{ op: 'add', path: '/metadata/labels', value: ours }],
        'json-patch+json',
      ),
      'by deleting it': await remove(name),
      'by deleting it, with its uid': await remove(name, before.metadata['uid']),
    }
    for (const [what, { status, body }] of Object.entries(attempts)) {
      t.equal(status, 422, `${name}: ${what}`)
      t.match(body.message, deniedBy('secrets'), `${name}: ${what}`)
    }
    const after = expectSuccess(await api.call({ method: 'GET', path: pathOf(name) })).body
    if (name !== 'token') t.strictSame(after, before, name)
  }
})

t.test(
  'the sync controller can take over a foreign Secret only after its owner marks it for adoption',
  async (t) => {
    const annotations = { 'akv-injector.io/adopt': 'true' }
    const { metadata } = await foreign('given', { metadata: { name: 'given', annotations } })
    const { uid } = metadata
    const change = await patch('given', { data: { mine: value('mine') } })
    t.match(change.body.message, deniedBy('secrets'), 'not without saying whose it is then')
    const gone = await remove('given', uid)
    t.match(gone.body.message, deniedBy('secrets'), 'nor to delete it')

    const wanted = secret({ name: 'given', metadata: { uid }, data: { mine: value('mine') } })
    const { body } = expectSuccess(await apply('given', wanted))
    t.strictSame(body['data'], { theirs: value('theirs'), mine: value('mine') })
    expectSuccess(await remove('given', uid))
  },
)

t.test(
  'the sync controller can’t make its Secrets immutable, nor change their finalizers',
  async (t) => {
    const finalizers = ['example.com/held']
    const attempts = [
      await create({ ...secret({ name: 'held' }), immutable: true }, { dryRun: 'All' }),
      await create(secret({ name: 'held', metadata: { finalizers } }), { dryRun: 'All' }),
    ]
    expectSuccess(await create(secret({ name: 'held' })))
    attempts.push(await patch('held', { immutable: true }))
    attempts.push(await patch('held', { metadata: { finalizers } }))
    const byAdministrator = (body: object) =>
      api.call({
        method: 'PATCH',
        path: pathOf('held'),
        body,
        contentType: 'application/merge-patch+json',
      })
    expectSuccess(await byAdministrator({ metadata: { finalizers } }))
    expectSuccess(await apply('held', secret({ name: 'held', data: { a: value('1') } })))
    attempts.push(await patch('held', { metadata: { finalizers: [] } }))
    for (const { status, body } of attempts) {
      t.equal(status, 422)
      t.match(body.message, 'immutable, nor change their finalizers')
    }
    expectSuccess(await byAdministrator({ metadata: { finalizers: [] } }))
    expectSuccess(await remove('held'))
  },
)

t.test(
  'the sync controller can read any Secret of these namespaces by name, as documented',
  async (t) => {
    await foreign('known-by-name')
    t.equal((await read('known-by-name')).status, 200)
  },
)
