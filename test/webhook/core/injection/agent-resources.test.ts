import t from 'tap'
import { agentResources } from '../../../../webhook/core/injection/agent-resources.ts'
import { policy } from '../policy.ts'

t.test('only the resources that an agent may ask for are looked up in the pod', async (t) => {
  const requests = JSON.parse('{ "constructor": "1", "__proto__": "1", "memory": "1Gi" }')
  const pod = { spec: { containers: [{ name: 'app' }], resources: { requests } } }
  const asked = { 'agent-requests': { cpu: '1', memory: '32Mi' } }
  const { requests: own, limits, warnings } = agentResources(pod, asked, policy)
  t.strictSame(own, { cpu: '1' })
  t.strictSame(limits, {})
  t.match(warnings, [{ sentence: /^memory is not set for the agent/ }])
})

t.test(
  'a Guaranteed pod stays one, even if nobody sets a memory limit for the agent',
  async (t) => {
    const amounts = { cpu: '1', memory: '1Gi' }
    const containers = [{ name: 'app', resources: { requests: amounts, limits: amounts } }]
    const { requests, limits } = agentResources(
      { spec: { containers } },
      {},
      { ...policy, agentLimits: {} },
    )
    t.equal(limits['memory'], '160Mi')
    t.ok(limits['cpu'])
    t.strictSame(requests, limits)
  },
)
