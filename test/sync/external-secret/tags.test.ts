import t from 'tap'
import { stringify } from 'yaml'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { webId } from '../harness/simulation.ts'

const version = '0'.repeat(31)
const versions = (...values: readonly string[]) =>
  values.map((value, index) => ({
    ...{ value, version: `${version}${index}`, created: '2026-01-02T03:04:05Z' },
    tags: { team: 'blue', owner: '{"name":"Ann"}' },
  }))
const yaml = stringify({
  identities: [
    { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
  ],
  vaults: {
    'team-a': {
      readers: [webId],
      secrets: {
        tagged: { versions: versions('old', 'new') },
        nested: '{"db":{"login":"{\\"user\\":\\"web\\"}","host":{"name":"db","port":5432}}}',
      },
    },
  },
})
const tagsOf = (key: string, more: object = {}) => ({ key, metadataPolicy: 'Fetch', ...more })

t.test('tags are read instead of the value, and again without a new version', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets } = simulation
  const data = [
    { secretKey: 'all', remoteRef: tagsOf('tagged') },
    { secretKey: 'team', remoteRef: tagsOf('tagged', { property: 'team' }) },
    { secretKey: 'name', remoteRef: tagsOf('tagged', { property: 'owner.name' }) },
    {
      secretKey: 'pinned',
      remoteRef: tagsOf('tagged', { property: 'team', version: `${version}0` }),
    },
    { secretKey: 'created', remoteRef: tagsOf('tagged', { property: 'attribute.created' }) },
    { secretKey: 'value', remoteRef: { key: 'tagged' } },
  ]
  externalSecrets.put('ExternalSecret', { name: 'data' }, secret({ data }))
  const extract = tagsOf('tagged')
  externalSecrets.put(
    'ExternalSecret',
    { name: 'extract' },
    secret({
      data: [],
      dataFrom: [
        { extract, rewrite: [{ regexp: { source: 'attribute.*|^tagged_', target: '' } }] },
      ],
    }),
  )
  await simulation.round()
  const dates =
    '"attribute.created":"2026-01-02T03:04:05Z","attribute.updated":"2026-01-02T03:04:05Z"'
  t.strictSame(simulation.values('data'), {
    all: `{${dates},"owner":"{\\"name\\":\\"Ann\\"}","team":"blue"}`,
    team: 'blue',
    name: 'Ann',
    pinned: 'blue',
    created: '2026-01-02T03:04:05Z',
    value: 'new',
  })
  t.strictSame(simulation.values('extract'), { team: 'blue', owner_name: 'Ann' })
  for (const at of [`${version}0`, `${version}1`])
    simulation.azure.update({ vault: 'team-a', name: 'tagged', version: at, tags: { team: 'red' } })
  simulation.pass(60 * 60_000)
  await simulation.round()
  t.match(simulation.values('extract'), { team: 'red' })
  t.match(ready(simulation, 'data'), { status: 'False', message: /^AKV_SYNC_VALUES: / })
  externalSecrets.put('ExternalSecret', { name: 'data' }, secret({ data: data.slice(3, 4) }))
  await simulation.round()
  t.match(simulation.values('data'), { pinned: 'red' })
})

t.test('an extract may read a part of a value', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets } = simulation
  const put = (name: string, property: string) =>
    externalSecrets.put(
      'ExternalSecret',
      { name },
      secret({ data: [], dataFrom: [{ extract: { key: 'nested', property } }] }),
    )
  put('object', 'db.host')
  put('text', 'db.login')
  put('number', 'db.host.port')
  put('absent', 'db.name')
  await simulation.round()
  t.strictSame(simulation.values('object'), { name: 'db', port: '5432' })
  t.strictSame(simulation.values('text'), { user: 'web' })
  for (const name of ['number', 'absent'])
    t.match(ready(simulation, name), { status: 'False', message: /^AKV_SYNC_VALUES: / }, name)
})
