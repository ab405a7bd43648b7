import t from 'tap'
import type { AgentConfig } from '../../../../delivery/contract.ts'
import { agentResources } from '../../../../webhook/core/injection/agent-resources.ts'
import { agentConfig } from '../../../init-agent/harness/pod.ts'
import { policy } from '../policy.ts'

const config = agentConfig({})

t.test('only the resources that an agent may ask for are looked up in the pod', async (t) => {
  const requests = JSON.parse('{ "constructor": "1", "__proto__": "1", "memory": "1Gi" }')
  const pod = { spec: { containers: [{ name: 'app' }], resources: { requests } } }
  const asked = { 'agent-requests': { cpu: '1', memory: '32Mi' } }
  const { requests: own, limits, warnings } = agentResources(pod, asked, { config, policy })
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
      { config, policy: { ...policy, agentLimits: {} } },
    )
    t.equal(limits['memory'], '160Mi')
    t.ok(limits['cpu'])
    t.strictSame(requests, limits)
  },
)

t.test('an agent that works between refreshes requests what it holds then', async (t) => {
  const pod = { spec: { containers: [{ name: 'app' }] } }
  const memoryOf = (wanted: Partial<AgentConfig>, agentRequests = policy.agentRequests) =>
    agentResources(pod, {}, { config: agentConfig(wanted), policy: { ...policy, agentRequests } })
      .requests['memory']

  t.equal(memoryOf({ refreshSeconds: 0 }), '16Mi')
  t.equal(memoryOf({ refreshSeconds: 300 }), '16Mi')
  const working = [
    { refreshSeconds: 299 },
    { refreshSeconds: 300, metricsPort: 19980 },
    { refreshSeconds: 300, staleAfterSeconds: 900 },
  ]
  for (const config of working) {
    t.equal(memoryOf(config), '24Mi')
    t.equal(memoryOf(config, { memory: '40Mi' }), '40Mi', 'the administrator’s, which is more')
    t.equal(memoryOf(config, { cpu: '10m' }), undefined, 'the administrator wants none')
    const chosen = { 'agent-requests': { memory: '12Mi' } }
    const { requests } = agentResources(pod, chosen, { config: agentConfig(config), policy })
    t.strictSame(requests, { memory: '12Mi' }, 'the pod’s own')
    const limited = agentResources(
      pod,
      { 'agent-limits': { memory: '20Mi' } },
      { config: agentConfig(config), policy },
    )
    t.strictSame(limited.problems, [])
    t.equal(limited.requests['memory'], '16Mi', 'no more than the limit')
  }
})
