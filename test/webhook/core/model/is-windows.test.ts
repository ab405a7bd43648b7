import t from 'tap'
import { isWindows } from '../../../../webhook/core/model/is-windows.ts'
import { readPod } from '../../../../webhook/core/model/pod.ts'

const hostProcess = { securityContext: { windowsOptions: { hostProcess: true } } }
const container = { name: 'app', image: 'registry.example/app:3.2' }
const requires = (...nodeSelectorTerms: readonly object[]) => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  },
})
const os = (operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key: 'kubernetes.io/os', operator, values }],
})
const pool = { key: 'agentpool', operator: 'In', values: ['win'] }

/** Specifications of pods that can run only on Windows, and of others. */
const onlyWindows: Readonly<Record<string, object>> = {
  'os.name': { os: { name: 'windows' } },
  'a node selector': { nodeSelector: { 'kubernetes.io/os': 'windows' } },
  'a node selector by the old label': { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } },
  'a pod of host processes': hostProcess,
  'a container of host processes': { containers: [{ ...container, ...hostProcess }] },
  'an init container of host processes': {
    initContainers: [{ ...container, name: 'init', ...hostProcess }],
  },
  'affinity In windows': requires(os('In', 'windows')),
  'affinity NotIn linux': requires(os('NotIn', 'linux')),
  'affinity beside another expression': requires({
    matchExpressions: [pool, ...os('In', 'windows').matchExpressions],
  }),
  'two terms that exclude Linux': requires(os('In', 'windows'), os('NotIn', 'linux')),
  'an empty term beside one that excludes Linux': requires({}, os('In', 'windows')),
}
const others: Readonly<Record<string, object>> = {
  'no statement': {},
  'os.name linux, which decides': { os: { name: 'linux' }, ...requires(os('In', 'windows')) },
  'a node selector for Linux': { nodeSelector: { 'kubernetes.io/os': 'linux' } },
  'affinity for both systems': requires(os('In', 'windows', 'linux')),
  'affinity NotIn windows': requires(os('NotIn', 'windows')),
  'affinity Exists': requires(os('Exists')),
  'one term of two': requires(os('In', 'windows'), { matchExpressions: [pool] }),
  'a term by a field': requires(os('In', 'windows'), {
    matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }],
  }),
  'only an empty term': requires({}),
  'another label': requires({ matchExpressions: [{ ...pool, values: ['windows'] }] }),
  'preferred affinity': {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: os('In', 'windows') },
        ],
      },
    },
  },
  'Windows options without host processes': {
    securityContext: { windowsOptions: { runAsUserName: 'ContainerUser' } },
  },
  'malformed affinity': { affinity: { nodeAffinity: [[], { values: null }] } },
}

const isWindowsPod = (some: object) => {
  const pod = readPod({ spec: { containers: [container], ...some } })
  return pod.kind === 'valid' && isWindows(pod.value)
}

t.test('a pod that can run only on Windows is recognised, however it says so', async (t) => {
  for (const [name, some] of Object.entries(onlyWindows)) t.equal(isWindowsPod(some), true, name)
})

t.test('a pod that may run on Linux counts as one for Linux', async (t) => {
  for (const [name, some] of Object.entries(others)) t.equal(isWindowsPod(some), false, name)
})
