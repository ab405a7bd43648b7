import t from 'tap'
import { describeWarning } from '../../../../webhook/core/model/outcome.ts'
import { isOnVirtualNode } from '../../../../webhook/core/model/virtual-node.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { requestFor } from '../arbitraries.ts'
import { policy } from '../policy.ts'

const container = { name: 'app', image: 'app' }
const isVirtual = (spec: object) => isOnVirtualNode({ spec: { containers: [container], ...spec } })

const required = (...nodeSelectorTerms: readonly unknown[]) => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  },
})
const expression = (key: string, operator: string, ...values: readonly unknown[]) => ({
  matchExpressions: [{ key, operator, values }],
})
const named = (operator: string, ...values: readonly unknown[]) => ({
  matchFields: [{ key: 'metadata.name', operator, values }],
})
const virtual = expression('type', 'In', 'virtual-kubelet')

t.test('a pod that can only run on a virtual node is recognised', (t) => {
  for (const spec of [
    { nodeSelector: { 'kubernetes.io/os': 'linux', type: 'virtual-kubelet' } },
    { nodeSelector: { 'kubernetes.io/hostname': 'virtual-node-aci-linux' } },
    { nodeName: 'virtual-node-aci-linux' },
    { nodeName: 'virtual-kubelet' },
    required(virtual),
    required(virtual, expression('kubernetes.io/hostname', 'In', 'virtual-node-aci-linux')),
    required({ matchExpressions: [{ key: 'x', operator: 'Exists' }, ...virtual.matchExpressions] }),
    required(named('In', 'virtual-node-aci-linux'), virtual),
  ])
    t.equal(isVirtual(spec), true, JSON.stringify(spec))
  t.end()
})

t.test('a pod that can run elsewhere isn’t, whatever its spec looks like', (t) => {
  for (const spec of [
    {},
    { nodeSelector: null, nodeName: null, affinity: null },
    { nodeSelector: { type: 'gpu' } },
    { nodeName: 'aks-virtual-node' },
    { nodeName: 'virtual-nodes-1' },
    { tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }] },
    required(expression('type', 'NotIn', 'virtual-kubelet')),
    required(expression('type', 'In', 'virtual-kubelet', 'vm')),
    required(expression('type', 'In')),
    required(virtual, expression('zone', 'In', '1')),
    required(),
    required(null, 7),
    required(named('NotIn', 'virtual-node-aci-linux')),
    required(named('In', 'virtual-node-aci-linux', 'aks-pool-1')),
    required(named('In', 'aks-pool-1')),
    required(named('In')),
    required({ matchFields: [{ key: 'type', operator: 'In', values: ['virtual-kubelet'] }] }),
    required(...Array(101).fill(virtual)),
    required({ matchExpressions: 7 }),
    required(expression('type', 'In', 7, { toString: 'x' })),
    { affinity: 'x' },
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } } },
    {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: virtual }],
        },
      },
    },
  ])
    t.equal(isVirtual(spec), false, JSON.stringify(spec))
  t.end()
})

t.test('its review has a warning', (t) => {
  const annotations = { 'akv-injector.io/vault': 'team-a', 'akv-injector.io/secrets': 'db' }
  const warningsOn = (nodeName: string) => {
    const pod = { metadata: { annotations }, spec: { nodeName, containers: [container] } }
    const outcome = mutate(requestFor(pod), policy)
    return outcome.kind === 'injected'
      ? outcome.warnings.map(describeWarning).join('\n')
      : outcome.kind
  }
  const warning = /can only run on a virtual node .*it would wait forever; choose another node/
  t.match(warningsOn('virtual-node-aci-linux'), warning)
  t.notMatch(warningsOn('aks-nodepool1-1'), warning)
  t.end()
})
