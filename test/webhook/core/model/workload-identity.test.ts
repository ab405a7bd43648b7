import t from 'tap'
import { describeWarning } from '../../../../webhook/core/model/outcome.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { policy } from '../policy.ts'

const warningsOf = (annotations: object, { labels, env }: { labels?: unknown; env?: object[] }) => {
  const outcome = mutate(
    {
      uid: 'a',
      kind: 'Pod',
      group: '',
      operation: 'CREATE',
      subResource: '',
      namespace: 'default',
      dryRun: false,
      object: {
        metadata: {
          labels,
          annotations: { 'akv-injector.io/secrets': 'team-a:x', ...annotations },
        },
        spec: { containers: [{ name: 'app', ...(env && { env }) }] },
      },
    },
    policy,
  )
  return outcome.kind === 'injected' ? outcome.warnings.map(describeWarning) : [outcome.kind]
}

const clientId = { 'akv-injector.io/client-id': '22222222-2222-2222-2222-222222222222' }
const use = 'azure.workload.identity/use'

t.test('a pod that names no identity gets a warning', async (t) => {
  const warning =
    /^akv-injector: no identity is configured; set akv-injector\.io\/client-id, or label/
  for (const labels of [undefined, null, {}, { [use]: 'false' }, { [use]: true }])
    t.match(warningsOf({}, { labels }), [warning])
  const env = [{ name: 'AZURE_CLIENT_ID', value: 'x' }]
  t.match(warningsOf({}, { env }), [warning], 'the variables of the app don’t reach the agent')
})

t.test(
  'a pod that names its client, or has azure-workload-identity’s label, gets no warning',
  async (t) => {
    t.strictSame(warningsOf(clientId, {}), [])
    t.strictSame(warningsOf({}, { labels: { [use]: 'true' } }), [])
  },
)
