import t from 'tap'
import { countOf, pluralOf } from '../../lib/count-of.ts'

t.test('a count has its noun in the right form', async (t) => {
  const counts = ['0 files', '1 file', '2 files']
  t.strictSame(
    counts,
    [0, 1, 2].map((number) => countOf(number, 'file')),
  )
  t.equal(countOf(2, 'SecretProviderClass'), '2 SecretProviderClasses')
})

t.test('the plurals of kinds are those of Kubernetes', async (t) => {
  const plurals = {
    ExternalSecret: 'ExternalSecrets',
    SecretStore: 'SecretStores',
    SecretProviderClass: 'SecretProviderClasses',
    Ingress: 'Ingresses',
    NetworkPolicy: 'NetworkPolicies',
    Gateway: 'Gateways',
    'init container': 'init containers',
  }
  for (const [kind, plural] of Object.entries(plurals)) t.equal(pluralOf(kind), plural)
})
