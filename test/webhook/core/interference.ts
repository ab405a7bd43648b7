import fc from 'fast-check'
import { agentName } from '../../../webhook/core/model/our-names.ts'

/** What other webhooks, old and new, do to a pod between our two calls. */

interface Named {
  name: string
  [member: string]: unknown
}
interface SomeContainer extends Named {
  env?: (Named & { valueFrom?: object | null })[]
  volumeMounts?: Named[]
}
export interface InjectedPod {
  spec: {
    containers: SomeContainer[]
    initContainers: SomeContainer[]
    volumes: Named[]
    securityContext?: object
  }
}

type Interfere = (pod: InjectedPod) => void

const all = ({ spec }: InjectedPod) => [...spec.initContainers, ...spec.containers]
const agentOf = ({ spec }: InjectedPod) =>
  spec.initContainers.find(({ name }) => name === agentName)
const emptied =
  (valueFrom: object | null | undefined): Interfere =>
  (pod) => {
    for (const { env = [] } of all(pod))
      for (const entry of env)
        if (entry.valueFrom)
          if (valueFrom === undefined) delete entry.valueFrom
          else entry.valueFrom = structuredClone(valueFrom)
  }

const changes: readonly Interfere[] = [
  emptied({}),
  emptied(null),
  emptied(undefined),
  emptied({ fileKeyRef: null }),
  (pod) => {
    for (const container of all(pod))
      container.env = [...(container.env ?? []), { name: 'AZURE_CLIENT_ID', value: 'x' }]
  },
  (pod) => {
    for (const container of all(pod))
      container.volumeMounts = [
        { name: 'token', mountPath: '/var/run/secrets/azure/wi' },
        ...(container.volumeMounts ?? []),
      ]
  },
  ({ spec }) => void spec.initContainers.unshift({ name: 'late-init' }),
  ({ spec }) => void spec.initContainers.push({ name: 'later-init', restartPolicy: 'Always' }),
  ({ spec }) => void spec.containers.push({ name: 'late-sidecar' }),
  ({ spec }) => void spec.volumes.unshift({ name: 'theirs', emptyDir: {} }),
  (pod) => {
    pod.spec.securityContext = { fsGroup: 1234 }
  },
  (pod) =>
    Object.assign(agentOf(pod) ?? {}, {
      image: 'mirror.example/agent',
      resources: { limits: { cpu: '1' } },
    }),
  (pod) => {
    const agent = agentOf(pod)
    delete agent?.['restartPolicy']
    delete agent?.['lifecycle']
    delete agent?.['startupProbe']
    delete agent?.['livenessProbe']
    delete agent?.['readinessProbe']
    delete agent?.['ports']
  },
  (pod) => {
    for (const container of all(pod)) delete container.volumeMounts
  },
  ({ spec }) => {
    spec.volumes = spec.volumes.filter(({ name }) => !name.startsWith('akv-injector'))
  },
]

export const interference: fc.Arbitrary<Interfere> = fc
  .subarray([...changes], { minLength: 1, maxLength: 4 })
  .map((chosen) => (pod) => {
    for (const change of chosen) change(pod)
  })
