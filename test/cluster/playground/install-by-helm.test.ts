import t from 'tap'
import { accountsByNamespace } from './install-by-helm.ts'

const credentials = (...subjects: readonly string[]) => ({
  clientId: '11111111-2222-3333-4444-555555555555',
  federatedCredentials: subjects.map((subject) => ({ subject, audience: 'any' })),
})

t.test('Secret sync is on for the accounts of the vault data', async (t) => {
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
  t.strictSame(
    [...accountsByNamespace(data)],
    [
      ['shop', ['web', 'api.v1']],
      ['batch', ['job']],
    ],
  )
})
