import t from 'tap'
import { accountsOf } from './install-by-helm.ts'

const credentials = (...subjects: readonly string[]) => ({
  clientId: '11111111-2222-3333-4444-555555555555',
  federatedCredentials: subjects.map((subject) => ({ subject, audience: 'any' })),
})

t.test('the accounts of the vault data exist, each once, and name their client', async (t) => {
  const data = {
    tenantId: '11111111-1111-1111-1111-111111111111',
    identities: [
      credentials('system:serviceaccount:shop:web', 'system:serviceaccount:shop:api.v1'),
      credentials('system:serviceaccount:shop:web', 'system:serviceaccount:batch:job'),
      credentials('system:serviceaccount:kube-system:a', 'system:serviceaccount:akv-injector:a'),
      credentials('repo:org/project:ref:refs/heads/main', 'system:serviceaccount:a:*'),
    ],
    vaults: [],
  }
  const accounts = accountsOf(data)
  t.strictSame(
    accounts.map(({ metadata: { namespace, name } }) => [namespace, name]),
    [
      ['shop', 'web'],
      ['shop', 'api.v1'],
      ['batch', 'job'],
    ],
  )
  for (const { metadata } of accounts)
    t.match(metadata, {
      annotations: { 'azure.workload.identity/client-id': '11111111-2222-3333-4444-555555555555' },
    })
})
