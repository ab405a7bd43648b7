import t from 'tap'
import { configVariable } from '../../../../delivery/contract.ts'
import type { Policy } from '../../../../requests/administrator/policy.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { policy } from '../policy.ts'

const uuid = '11111111-2222-3333-4444-555555555555'
const annotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password',
  'akv-injector.io/client-id': uuid,
  'akv-injector.io/tenant-id': uuid,
}

/** The environment of the agent that an administrator's policy adds to a pod. */
function agentEnvironment(changes: Partial<Policy>): readonly { name: string; value: string }[] {
  const object = { metadata: { annotations }, spec: { containers: [{ name: 'app' }] } }
  const request = { uid: '1', group: '', kind: 'Pod', operation: 'CREATE', subResource: '' }
  const outcome = mutate(
    { ...request, namespace: 'shop', dryRun: false, object },
    { ...policy, ...changes },
  )
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  const { env } = JSON.parse(JSON.stringify(outcome.operations))
    .flatMap(({ value }: { value: unknown }) => value)
    .find((value: { name?: string }) => value.name === 'akv-injector')
  return env.filter(({ name }: { name: string }) => name !== configVariable)
}

t.test('the agent gets the administrator’s proxy, and no other variables', async (t) => {
  t.strictSame(agentEnvironment({}), [])
  t.strictSame(
    agentEnvironment({
      agentProxy: { url: 'http://proxy.example:3128', exceptions: '.internal.example' },
    }),
    [
      { name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' },
      { name: 'NO_PROXY', value: '.internal.example' },
    ],
  )
})
