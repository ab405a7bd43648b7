import t from 'tap'
import { destinationKey } from '../../../delivery/destination.ts'
import { plainProblem } from '../../../lib/problems/problem.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Source } from '../../../requests/source/source.ts'
import { policy } from '../../webhook/core/policy.ts'

const [a, b] = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222']

const source = (name: string, more: Partial<Source> = {}): Source => ({
  ref: { kind: 'SecretProviderClass', name },
  uid: `uid-${name}`,
  createdAtMs: 0,
  hints: {},
  claims: [name],
  secrets: [{ name, type: 'Opaque', labels: {} }],
  values: [
    {
      to: { kind: 'key', secret: name, key: 'a' },
      object: { vault: 'team-a', type: 'secret', name: 'a' },
    },
  ],
  problems: [],
  ...more,
})
const read = (
  annotations: Readonly<Record<string, string>>,
  sources: readonly Source[],
  changes: Partial<typeof policy> = {},
) =>
  readAccount({ namespace: 'shop', name: 'web', annotations }, { ...policy, ...changes }, sources)
const wanted = (...args: Parameters<typeof read>): SyncRequest => {
  const request = read(...args)
  if (request.kind !== 'wanted') throw new Error(JSON.stringify(request))
  return request
}
const client = (clientId: string) => ({ hints: { clientId } })
const sync = { 'akv-injector.io/sync': '[{ secret: own, data: "team-a:x" }]' }
const azure = (id: string) => ({ 'azure.workload.identity/client-id': id })

t.test('sources and the annotation become one list', async (t) => {
  const request = wanted(sync, [source('one'), source('two')])
  t.strictSame(
    request.secrets.map(({ name }) => name),
    ['own', 'one', 'two'],
  )
  t.strictSame(
    request.config.files.map(({ to }) => destinationKey(to)),
    ['own/x', 'one/a', 'two/a'],
  )
  t.match(request, {
    mistakes: { length: 0 },
    sources: [{ ref: { name: 'one' } }, { ref: { name: 'two' } }],
  })
})

t.test('the identity is the account’s, else that of its oldest source', async (t) => {
  t.strictSame(wanted({}, [source('one', client(a))]).azure, { clientId: a })
  t.strictSame(wanted({}, [source('one', { ...client(a), tenantId: b })]).azure, {
    clientId: a,
    tenantId: b,
  })
  t.strictSame(wanted({}, [source('one'), source('two', client(b))]).azure, { clientId: b })
  t.match(wanted(azure(a), [source('one', client(b)), source('two', client(a))]), {
    azure: { clientId: a },
    secrets: [{ name: 'two' }],
    mistakes: [
      {
        source: { kind: 'SecretProviderClass', name: 'one', uid: 'uid-one' },
        message: `SecretProviderClass one: names the client ${b}, but ServiceAccount web signs in as ${a}; an account has one identity: use client ${a}, or annotate the class with another account`,
      },
    ],
  })
  t.match(wanted({ 'akv-injector.io/client-id': a }, [source('one', client(b))]).mistakes, [
    { message: new RegExp(`names the client ${b}, but ServiceAccount web signs in as ${a}`) },
  ])
  const bad = source('bad', { ...client(b), problems: [plainProblem('is wrong')] })
  t.strictSame(
    wanted({}, [bad, source('one', client(a))]).azure,
    { clientId: a },
    'a bad one has no say',
  )
})

t.test('a source can’t change the tenant that others are read in', async (t) => {
  const tenant = source('one', { tenantId: b })
  const mistakes = [
    { message: new RegExp(`names the tenant ${b}, but ServiceAccount web signs in to ${a}`) },
  ]
  t.match(wanted(sync, [tenant], { defaultTenantId: a }), { secrets: [{ name: 'own' }], mistakes })
  t.match(wanted({}, [source('zero'), tenant], { defaultTenantId: a }), { mistakes })
  t.match(wanted({}, [tenant], { defaultTenantId: a }), {
    azure: { tenantId: b },
    mistakes: { length: 0 },
  })
})

t.test('the shortest refresh counts', async (t) => {
  const refresh = { 'akv-injector.io/refresh': '10m' }
  const seconds = (...args: Parameters<typeof read>) => wanted(...args).config.refreshSeconds
  t.equal(seconds({}, [source('one')]), 3600)
  t.equal(seconds(refresh, [source('one')]), 600)
  t.equal(seconds(refresh, [source('one')], { csiRefreshSeconds: 120 }), 120)
  t.equal(seconds(refresh, [source('one')], { csiRefreshSeconds: 1200 }), 600)
  t.equal(seconds({}, [source('one')], { csiRefreshSeconds: 1 }), 30, 'at least 30 s')
  t.equal(seconds(sync, [], { csiRefreshSeconds: 120 }), 3600, 'only classes follow csi.refresh')
})

t.test('a source that brings too many entries is refused, and smaller ones go on', async (t) => {
  const files = Array.from({ length: 1000 }, (_, i) => ({
    to: { kind: 'key', secret: 'large', key: `${i}` } as const,
    object: { vault: 'team-a', type: 'secret', name: 'a' } as const,
  }))
  const request = wanted(sync, [source('large', { values: files }), source('small')])
  t.strictSame(
    request.secrets.map(({ name }) => name),
    ['own', 'small'],
  )
  t.match(request.mistakes, [
    { message: /with it, the account would have 1001 entries; accepted: at most 1000$/ },
  ])
  const older = files.slice(0, 11).map((file) => ({ ...file, versions: 100, versionIndex: 99 }))
  t.match(wanted(sync, [source('old', { values: older })]).mistakes, [
    { message: /with it, the account would have 1101 entries; accepted: at most 1000$/ },
  ])
})

t.test(
  'a wrong list of Secrets concerns the annotation, any other mistake the account',
  async (t) => {
    const request = wanted({ 'akv-injector.io/sync': '[{ secret: own }]' }, [
      source('one'),
      source('own'),
    ])
    t.match(request, {
      secrets: [{ name: 'one' }],
      mistakes: [
        { message: /^akv-injector.io\/sync: item 1/ },
        {
          message:
            /^SecretProviderClass own: Secret own: the annotation of ServiceAccount web requests it too/,
        },
      ],
    })
    t.notOk(request.mistakes[0]?.source)
    t.equal(read({ 'akv-injector.io/refresh': 'x' }, [source('one')]).kind, 'refused')
    t.equal(read({ 'akv-injector.io/inject': 'false' }, [source('one')]).kind, 'off')
    t.equal(read({}, []).kind, 'none')
  },
)

t.test('an account has a bounded number of entries for all properties', async (t) => {
  const spreads = (name: string, count: number) =>
    source(name, {
      values: Array.from({ length: count }, (_, i) => ({
        to: { kind: 'input', secret: name, index: i } as const,
        object: { vault: 'team-a', type: 'secret', name: `a${i}` } as const,
        property: '*',
      })),
    })
  t.match(wanted({}, [spreads('one', 50), spreads('two', 1)]), {
    secrets: [{ name: 'one' }],
    mistakes: [{ message: /all properties of 51 objects; accepted: at most 50$/ }],
  })
})

const switchedOn = { tokenProxy: { kind: 'unknown', reason: 'not yet' } } as const
const ours = 'akv-injector.io/identity-binding'
const aks = 'azure.workload.identity/use-identity-binding'
const bound = { usesBinding: true }
const federated = { usesBinding: false }

t.test('an account asks for an identity binding, or its oldest source does', async (t) => {
  for (const annotations of [{ [ours]: 'true' }, { [aks]: 'True' }])
    for (const sources of [[], [source('one')], [source('one', federated)]])
      t.match(
        wanted({ ...sync, ...annotations }, sources, switchedOn),
        { usesBinding: true, mistakes: { length: 0 } },
        JSON.stringify(annotations),
      )
  t.match(wanted({}, [source('one', bound), source('two')], switchedOn), {
    usesBinding: true,
    mistakes: { length: 0 },
  })
  t.match(wanted({}, [source('one', federated), source('two')]), { usesBinding: false })
  t.match(wanted({ ...sync, [ours]: 'false', [aks]: 'true' }, []), { usesBinding: false })
})

t.test('an account signs in one way', async (t) => {
  const differ =
    /; an account signs in one way: use that one, or annotate the class with another account$/
  t.match(wanted({}, [source('one', bound), source('two', federated)], switchedOn), {
    usesBinding: true,
    secrets: [{ name: 'one' }],
    mistakes: [
      {
        code: 'AKV_SYNC_ACCOUNT',
        message:
          /^SecretProviderClass two: signs in with a federated credential, but ServiceAccount web by an identity binding;/,
      },
    ],
  })
  for (const annotations of [{ [ours]: 'false' }, sync])
    t.match(wanted(annotations, [source('one', bound)], switchedOn).mistakes, [{ message: differ }])
})

t.test('without the administrator’s switch, who asks for a binding is told its name', async (t) => {
  const names = /identityBinding\.enabled of the chart/
  t.match(read({ ...sync, [aks]: 'true' }, []), {
    kind: 'refused',
    problems: [{ path: ['metadata', 'annotations', aks], sentence: names }],
    claims: ['own'],
  })
  t.match(wanted({}, [source('one', bound), source('two')]), {
    usesBinding: false,
    secrets: [{ name: 'two' }],
    mistakes: [{ source: { name: 'one' }, message: names }],
  })
})
