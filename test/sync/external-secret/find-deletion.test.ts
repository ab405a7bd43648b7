import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { webId } from '../harness/simulation.ts'

const hourMs = 60 * 60_000
const policies = ['Merge', 'Delete'] as const

const vaults = (more: object = {}) =>
  stringify({
    identities: [
      { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
    ],
    vaults: {
      'team-a': {
        readers: [webId],
        secrets: { 'shop-api': 'key', 'shop-db': 'pw', named: 'x', ...more },
      },
    },
  })

const find = { find: { name: { regexp: '^shop' } } }
const data = [{ secretKey: 'named', remoteRef: { key: 'named' } }]

/** A simulation with the Secrets `found` of a find, and `mixed` of a find and a named object. */
async function started(t: Test, deletionPolicy: string, more: object = {}) {
  const simulation = await start(t, ['web'], vaults(more))
  const { externalSecrets, azure } = simulation
  const target = { deletionPolicy }
  for (const [name, more] of Object.entries({ found: { data: [] }, mixed: { data } }))
    externalSecrets.put('ExternalSecret', { name }, secret({ dataFrom: [find], target, ...more }))
  await simulation.round()
  const current = () => ({ found: simulation.values('found'), mixed: simulation.values('mixed') })
  const whole = { 'shop-api': 'key', 'shop-db': 'pw' }
  const all = { found: whole, mixed: { ...whole, named: 'x' } }
  t.strictSame(current(), all)
  /** Lets an interval pass, and runs a round. */
  const next = async () => {
    simulation.pass(hourMs * 1.2)
    await simulation.round()
  }
  const setDeleted = (names: readonly string[], deleted = true) => {
    for (const name of names) azure.update({ vault: 'team-a', name, deleted })
  }
  /** Objects can still be fetched. */
  const failList = (action: Parameters<typeof azure.addFault>[0]['action']) =>
    azure.addFault({ count: 1, match: { path: '/team-a/secrets' }, action })
  return { ...simulation, all, current, next, setDeleted, failList }
}

const unavailable = { kind: 'status', status: 503 } as const
const everything = ['shop-api', 'shop-db', 'named']

t.test(
  'the keys of what a complete list doesn’t have go, and with Delete the Secret',
  async (t) => {
    for (const policy of policies) {
      const simulation = await started(t, policy)
      const { current, next, setDeleted } = simulation
      setDeleted(['shop-api'])
      await next()
      t.strictSame(current(), {
        found: { 'shop-db': 'pw' },
        mixed: { 'shop-db': 'pw', named: 'x' },
      })
      setDeleted(['shop-db'])
      await next()
      const nothing = policy === 'Delete' ? undefined : {}
      t.strictSame(current(), { found: nothing, mixed: { named: 'x' } }, policy)
      const reason = policy === 'Delete' ? 'SecretDeleted' : 'SecretSynced'
      t.match(ready(simulation, 'found'), { status: 'True', reason })
      t.match(ready(simulation, 'mixed'), { status: 'True', reason: 'SecretSynced' })
      setDeleted(['named'])
      await next()
      t.strictSame(current(), { found: nothing, mixed: nothing }, policy)
      t.match(ready(simulation, 'mixed'), { status: 'True', reason })
      setDeleted(everything, false)
      await next()
      t.strictSame(current(), simulation.all, 'they return with their objects')
    }
  },
)

t.test('a find that has nothing deletes no Secret that has another source', async (t) => {
  const simulation = await started(t, 'Delete')
  simulation.setDeleted(['shop-api', 'shop-db'])
  await simulation.next()
  t.strictSame(simulation.current(), { found: undefined, mixed: { named: 'x' } })
})

t.test('a template doesn’t keep a Secret for which the vault has nothing', async (t) => {
  const templates = { constant: { kind: 'x' }, reading: { copy: '{{ .named }}' } }
  const named = [{ extract: { key: 'json' } }, { extract: { key: 'gone' } }]
  for (const deletionPolicy of policies) {
    const simulation = await start(t, ['web'], vaults({ json: '{"named":"x"}', gone: '{"g":"x"}' }))
    const { externalSecrets, azure } = simulation
    for (const [name, data] of Object.entries(templates))
      for (const [source, dataFrom] of Object.entries({
        find: [{ find: { name: { regexp: '^named' } } }],
        named,
      }))
        externalSecrets.put(
          'ExternalSecret',
          { name: `${name}-${source}` },
          secret({ target: { deletionPolicy, template: { data } }, dataFrom, data: [] }),
        )
    await simulation.round()
    for (const source of ['find', 'named']) {
      t.strictSame(simulation.values(`constant-${source}`), { kind: 'x' })
      t.strictSame(simulation.values(`reading-${source}`), { copy: 'x' })
    }
    const setDeleted = async (names: readonly string[], deleted = true) => {
      for (const name of names) azure.update({ vault: 'team-a', name, deleted })
      simulation.pass(hourMs * 1.2)
      await simulation.round()
    }
    await setDeleted(['named', 'json', 'gone'])
    for (const source of ['find', 'named']) {
      const isDeleted = deletionPolicy === 'Delete'
      t.strictSame(simulation.values(`constant-${source}`), isDeleted ? undefined : { kind: 'x' })
      t.strictSame(simulation.values(`reading-${source}`), isDeleted ? undefined : { copy: 'x' })
      t.match(ready(simulation, `constant-${source}`), { status: 'True' })
      t.match(
        ready(simulation, `reading-${source}`),
        isDeleted
          ? { status: 'True', reason: 'SecretDeleted' }
          : { status: 'False', message: /^AKV_SYNC_VALUES/ },
      )
    }
    await setDeleted(['named', 'json', 'gone'], false)
    for (const source of ['find', 'named'])
      t.strictSame(simulation.values(`reading-${source}`), { copy: 'x' }, 'it returns')
  }
})

t.test('a list that fails deletes nothing, whatever was found before', async (t) => {
  for (const policy of policies)
    for (const action of [
      unavailable,
      { kind: 'malformed' },
      { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
    ] as const) {
      const simulation = await started(t, policy)
      const { all, current, next, setDeleted, failList, azure } = simulation
      setDeleted(['shop-api', 'shop-db'])
      failList(action)
      await next()
      t.strictSame(current(), all, `${policy}, ${action.kind}`)
      for (const name of ['found', 'mixed'])
        t.match(ready(simulation, name), { status: 'False', reason: 'SecretSyncedError' })
      azure.clearFaults()
      await next()
      t.strictSame(current().mixed, { named: 'x' }, 'a later list counts')
      // The find has nothing now, and then the object that is named goes while the vault can't be listed.
      setDeleted(['named'])
      failList(action)
      await next()
      t.strictSame(current().mixed, { named: 'x' }, `${policy}, ${action.kind}`)
      azure.clearFaults()
      await next()
      t.strictSame(current().mixed, policy === 'Delete' ? undefined : {})
    }
})

t.test('a vault that was never listed deletes nothing', async (t) => {
  for (const policy of policies) {
    const simulation = await started(t, policy)
    const { all, current, next, setDeleted, failList, azure } = simulation
    setDeleted(everything)
    simulation.restart()
    await simulation.round()
    t.strictSame(current(), all, 'not due yet')
    failList(unavailable)
    await next()
    t.strictSame(current(), all, policy)
    for (const name of ['found', 'mixed']) t.match(ready(simulation, name), { status: 'False' })
    azure.clearFaults()
    await next()
    const nothing = policy === 'Delete' ? undefined : {}
    t.strictSame(current(), { found: nothing, mixed: nothing })
  }
})

t.test('a list that is too long removes nothing that was found', async (t) => {
  const off = () => ({ versions: [{ value: 'more', enabled: false }] })
  const names = Array.from({ length: 501 }, (_, index) => `shop-${index}`)
  const more = Object.fromEntries(names.map((name) => [name, off()]))
  const simulation = await started(t, 'Delete', more)
  const { all, azure, current, next, setDeleted } = simulation
  for (const name of names) azure.update({ vault: 'team-a', name, enabled: true })
  setDeleted(everything)
  await next()
  t.strictSame(current(), { ...all, mixed: all.found })
  for (const name of ['found', 'mixed'])
    t.match(ready(simulation, name), { status: 'False', message: /AKV_LIST_TOO_LONG/ })
})

t.test('a Secret that isn’t due isn’t listed for', async (t) => {
  const simulation = await start(t, ['web'], vaults())
  const { externalSecrets, apiServer } = simulation
  const put = (name: string, more: object) =>
    externalSecrets.put('ExternalSecret', { name }, secret({ dataFrom: [find], data: [], ...more }))
  put('once', { refreshPolicy: 'CreatedOnce' })
  put('hourly', { refreshInterval: '1h' })
  await simulation.round()
  const lists = () =>
    simulation.vaultPaths().filter((path) => /^\/team-a\/secrets\/?$/.test(path)).length
  t.equal(lists(), 1, 'one list for both')
  simulation.azure.rotate({ vault: 'team-a', name: 'shop-api', value: 'new' })
  simulation.pass(10 * 60_000)
  await simulation.round()
  t.equal(lists(), 0, 'nothing is due')
  simulation.pass(hourMs)
  await simulation.round()
  t.equal(lists(), 1)
  t.match(simulation.values('hourly'), { 'shop-api': 'new' })
  t.match(simulation.values('once'), { 'shop-api': 'key' })
  apiServer.secrets.delete('team-a/once')
  simulation.pass(hourMs)
  await simulation.round()
  t.strictSame(simulation.values('once'), { 'shop-api': 'new', 'shop-db': 'pw' })
})
