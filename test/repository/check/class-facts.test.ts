import t from 'tap'
import { stringify } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'

const clientID = '44444444-4444-4444-4444-444444444444'
const objects = 'array:\n  - objectName: a\n    objectType: secret\n'

function check(parameters: object, spec: object = {}, ...args: readonly string[]) {
  const input = stringify({
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: 'kv', namespace: 'shop' },
    spec: {
      provider: 'azure',
      parameters: { keyvaultName: 'team-a', objects, ...parameters },
      ...spec,
    },
  })
  return runInProcess(['check', '-', ...args], { input, env: { AKV_INJECTOR_CSI: 'labelled' } })
}

t.test('a class whose Secrets would not be synced has its facts and its warnings', async (t) => {
  const wrong = { secretObjects: [{ type: 'Opaque', data: [{ key: 'a', objectName: 'a' }] }] }
  const { stdout, code } = await check({ clientID, userAssignedIdentity: 'x' }, wrong)
  t.equal(code, 1)
  t.match(stdout, 'would be served, but its Secrets would not be synced')
  t.match(stdout, `identity   ${clientID}`)
  t.match(stdout, 'file       a (0644) from team-a:a')
  t.match(stdout, 'parameters.userAssignedIdentity is unknown and has no effect')
  t.match(stdout, /line 17: secretObjects, item 1, secretName: is missing; name the Secret/)
})

t.test('a misspelt parameter is named beside the one that is missing', async (t) => {
  const { stdout, code } = await check({ keyvaultName: undefined, keyVaultName: 'team-a' })
  t.equal(code, 1)
  t.match(stdout, /line 8: parameters\.keyvaultName is missing/)
  t.match(stdout, /warning: line \d+: parameters\.keyVaultName is unknown and has no effect/)
})

t.test('a class of the AKS add-on says what its pods need, in order', async (t) => {
  const open = await check({ useVMManagedIdentity: 'true' })
  t.equal(open.code, 0)
  t.match(
    open.stdout,
    "needs      a client that may read the vault, the annotation azure.workload.identity/client-id with its ID on the ServiceAccount of each pod, and a federated credential for the ServiceAccount of each pod, because the node's identity isn't used (akv-injector identity prints the commands)",
  )
  const named = await check({ usePodIdentity: 'true', userAssignedIdentityID: clientID })
  t.match(
    named.stdout,
    "needs      a federated credential for the ServiceAccount of each pod, because pod identity isn't used",
  )
  t.notMatch((await check({ clientID })).stdout, 'needs')
})

t.test('JSON has the namespace of each object and of each finding about one', async (t) => {
  const { stdout } = await check({ keyvaultName: 'a--' }, {}, '--output', 'json')
  const { objects: listed, findings } = JSON.parse(stdout)
  t.strictSame(
    listed.map(({ namespace }: { namespace: string }) => namespace),
    ['shop'],
  )
  t.strictSame(
    findings.map(({ namespace }: { namespace: string }) => namespace),
    ['shop'],
  )
})
