import t from 'tap'
import { stringify } from 'yaml'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { webId } from '../harness/simulation.ts'

const secrets = {
  shop: '{"db/user":"web","db/password":"correct horse","cache/url":"redis://cache"}',
  parts: '{"one":{"user":"web","port":5432},"two":{"port":5433}}',
}
const yaml = stringify({
  identities: [
    { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
  ],
  vaults: { 'team-a': { readers: [webId], secrets } },
})
const from = (key: string, ...rewrite: readonly object[]) =>
  secret({ data: [], dataFrom: [{ extract: { key }, rewrite }] })

t.test('keys are rewritten, and a mistake keeps the Secret as it is', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets } = simulation
  const put = (name: string, spec: object) => externalSecrets.put('ExternalSecret', { name }, spec)
  const onlyDb = [
    { transform: { template: '{{ .value | upper }}' } },
    { regexp: { source: '^DB/', target: 'DB_' } },
    { regexp: { source: '^CACHE/.*', target: '' } },
  ]
  put('env', from('shop', ...onlyDb))
  put('merged', from('parts', { merge: { conflictPolicy: 'Ignore', priority: ['one'] } }))
  put('conflicts', from('parts', { merge: {} }))
  put('equal', from('shop', { regexp: { source: '^.*$', target: 'same' } }))
  await simulation.round()
  t.strictSame(simulation.values('env'), { DB_USER: 'web', DB_PASSWORD: 'correct horse' })
  t.strictSame(simulation.values('merged'), { user: 'web', port: '5432' })
  for (const name of ['conflicts', 'equal']) {
    t.match(ready(simulation, name), { status: 'False', message: /^AKV_SYNC_VALUES: / }, name)
    t.notMatch(ready(simulation, name)?.message, /password|redis|5432/, name)
    t.equal(simulation.values(name), undefined, name)
  }
  put('env', from('shop', ...onlyDb, { regexp: { source: '.*', target: 'same' } }))
  await simulation.round()
  t.strictSame(simulation.values('env'), { DB_USER: 'web', DB_PASSWORD: 'correct horse' })
})
