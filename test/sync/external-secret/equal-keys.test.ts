import t from 'tap'
import { stringify } from 'yaml'
import { secret, start } from '../harness/external-secret-simulation.ts'
import { annotations, webId } from '../harness/simulation.ts'

const yaml = stringify({
  identities: [
    { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
  ],
  vaults: {
    'team-a': { readers: [webId], secrets: { twice: '{"a":{"b":1},"list":[0,1],"a":{"b":2}}' } },
  },
})

t.test('of equal JSON keys, only property takes the first, as with the operator', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets, apiServer } = simulation
  const data = ['a.b', 'list.01'].map((property) => ({
    secretKey: property,
    remoteRef: { key: 'twice', property },
  }))
  externalSecrets.put('ExternalSecret', { name: 'property' }, secret({ data }))
  externalSecrets.put(
    'ExternalSecret',
    { name: 'extract' },
    secret({ data: [], dataFrom: [{ extract: { key: 'twice' } }] }),
  )
  const template = { data: { 'a.b': '{{ (fromJson .password).a.b }}' } }
  externalSecrets.put(
    'ExternalSecret',
    { name: 'template' },
    secret({ target: { template } }, 'twice'),
  )
  apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: annotated, data: "a.b=twice#a.b, list.01=twice#list.01" }]'),
  )
  await simulation.round()
  t.strictSame(
    Object.fromEntries(
      ['property', 'extract', 'template', 'annotated'].map((name) => [
        name,
        simulation.values(name),
      ]),
    ),
    {
      property: { 'a.b': '1', 'list.01': '1' },
      extract: { a: '{"b":2}', list: '[0,1]' },
      template: { 'a.b': '2' },
      annotated: { 'a.b': '2', 'list.01': '1' },
    },
  )
})
