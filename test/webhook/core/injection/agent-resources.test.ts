import fc from 'fast-check'
import t from 'tap'
import type { AgentConfig } from '../../../../delivery/contract.ts'
import { parseQuantity, resourceNames } from '../../../../lib/values/quantity.ts'
import { agentResources } from '../../../../webhook/core/injection/agent-resources.ts'
import { agentConfig } from '../../../init-agent/harness/pod.ts'
import { numRuns } from '../../../support/property-runs.ts'
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

const kinds = ['requests', 'limits'] as const
const everyAmount = kinds.flatMap((kind) =>
  [...resourceNames, 'nvidia.com/gpu'].map((resource) => ({ kind, resource })),
)
const quantity = fc.constantFrom('0', '10m', '1', '8Mi', '200Mi')
const amounts = fc.dictionary(fc.constantFrom(...resourceNames), quantity)

/** What all containers of a pod set, and what only one of them sets. */
const pods = fc
  .record({
    byAll: fc.subarray(everyAmount),
    byOne: fc.subarray(everyAmount),
    names: fc.subarray(['app', 'worker', 'proxy'], { minLength: 1 }),
    quantity,
  })
  .map(({ byAll, byOne, names, quantity }) =>
    names.map((name, i) => {
      const resources = { requests: {}, limits: {} }
      for (const { kind, resource } of i === 0 ? [...byAll, ...byOne] : byAll)
        Object.assign(resources[kind], { [resource]: quantity })
      // The API server does so before it calls us.
      resources.requests = { ...resources.limits, ...resources.requests }
      return { name, resources }
    }),
  )

const setByAll = (containers: readonly { resources: Record<string, object> }[]) =>
  everyAmount
    .filter(({ kind, resource }) =>
      containers.every(({ resources }) => Object.hasOwn(resources[kind] ?? {}, resource)),
    )
    .filter(({ resource }) => resourceNames.includes(resource))
    .map(({ kind, resource }) => `${kind}.${resource}`)

const setFor = (agent: Record<(typeof kinds)[number], object>) =>
  kinds.flatMap((kind) => Object.keys(agent[kind]).map((resource) => `${kind}.${resource}`))

t.test('what all other containers set, of any resource, the agent sets too', async (t) => {
  const settings = fc.record(
    { 'agent-requests': amounts, 'agent-limits': amounts },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      pods,
      settings,
      amounts,
      amounts,
      (containers, chosen, agentRequests, agentLimits) => {
        const agent = agentResources({ spec: { containers } }, chosen, {
          config,
          policy: { ...policy, agentRequests, agentLimits },
        })
        const missing = setByAll(containers).filter((amount) => !setFor(agent).includes(amount))
        if (missing.length > 0) throw new Error(`the agent has no ${missing}`)

        const isExcessive = Object.entries(agent.requests).some(
          ([resource, request]) =>
            (parseQuantity(request) ?? 0) > (parseQuantity(agent.limits[resource] ?? request) ?? 0),
        )
        if (isExcessive && agent.problems.length === 0) throw new Error('a request above its limit')
      },
    ),
    { numRuns },
  )
  t.pass(`${numRuns} runs`)
})

t.test('the agent sets nothing that only some of the other containers set', async (t) => {
  fc.assert(
    fc.property(pods, (containers) => {
      const none = { 'agent-requests': {}, 'agent-limits': {} }
      const agent = agentResources({ spec: { containers } }, none, { config, policy })
      const [expected, found] = [setByAll(containers), setFor(agent)].map((all) => all.toSorted())
      if (String(expected) !== String(found)) throw new Error(`${expected}, not ${found}`)
    }),
    { numRuns },
  )
  t.pass(`${numRuns} runs`)
})

t.test('the amounts that are added suffice for the agent and keep requests low', async (t) => {
  const all = { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' }
  const requests = { ...all, memory: '512Mi' }
  const containers = [{ name: 'app', resources: { requests, limits: all } }]
  const ofNobody = { ...policy, agentRequests: {}, agentLimits: {} }
  const agentWith = (chosen: Parameters<typeof agentResources>[1], by = ofNobody) => {
    const agent = agentResources({ spec: { containers } }, chosen, { config, policy: by })
    t.strictSame(agent.problems, [])
    return { requests: agent.requests, limits: agent.limits }
  }
  const added = {
    requests: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '16Mi' },
    limits: { cpu: '250m', memory: '160Mi', 'ephemeral-storage': '128Mi' },
  }
  t.strictSame(agentWith({}), added)

  const large = { 'ephemeral-storage': '1Gi' }
  t.match(agentWith({ 'agent-requests': large }), { requests: large, limits: large })
  const small = { 'ephemeral-storage': '8Mi' }
  t.match(agentWith({ 'agent-limits': small }), { requests: small, limits: small })
  const byAdministrator = {
    ...policy,
    agentRequests: small,
    agentLimits: { ...large, cpu: '100m' },
  }
  t.match(
    agentWith({ 'agent-requests': {}, 'agent-limits': {} }, byAdministrator),
    { requests: small, limits: { ...large, cpu: '250m' } },
    'the administrator’s, but enough CPU',
  )
})
