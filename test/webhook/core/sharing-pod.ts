import fc from 'fast-check'
import { agentName } from '../../../webhook/core/model/our-names.ts'

/** Pods whose containers see each other's processes, and whether one of these could take over the agent. */

interface Context {
  readonly runAsUser?: number
  readonly allowPrivilegeEscalation?: boolean
  readonly privileged?: boolean
  readonly capabilities?: { readonly add?: readonly string[] }
}

interface SharingContainer {
  readonly name: string
  readonly restartPolicy?: string
  readonly securityContext?: Context
}

export interface SharingPod {
  readonly metadata: object
  readonly spec: {
    readonly securityContext?: Context
    readonly containers: readonly SharingContainer[]
    readonly initContainers: readonly SharingContainer[]
  }
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const careful = fc.record({
  runAsUser: fc.constantFrom(1, 1000, 65_532),
  allowPrivilegeEscalation: fc.constant(false),
})
const careless = fc.record({
  runAsUser: maybe(fc.constantFrom(0, 1000, 61_037, -1)),
  allowPrivilegeEscalation: maybe(fc.boolean()),
  privileged: maybe(fc.boolean()),
  capabilities: maybe(fc.record({ add: fc.subarray(['NET_BIND_SERVICE', 'SETUID']) })),
})
const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    securityContext: fc.oneof(
      { weight: 4, arbitrary: careful },
      { weight: 1, arbitrary: maybe(careless) },
    ),
  })
const initContainer = (name: string) =>
  fc
    .tuple(container(name), maybe(fc.constant('Always')))
    .map(([fields, restartPolicy]) => ({ ...fields, restartPolicy }))

/** Most of these pods are injected, and many are refused. */
export const sharingPod: fc.Arbitrary<SharingPod> = fc
  .record({
    refresh: fc.constantFrom('0', '5m'),
    position: fc.constantFrom('first', 'after:early'),
    runAs: maybe(fc.constantFrom('2000', '61037')),
    field: fc.constantFrom('shareProcessNamespace', 'hostPID'),
    podUser: maybe(fc.constantFrom(0, 1000, 61_037)),
    containers: fc.tuple(container('app'), container('worker')),
    initContainers: fc.tuple(initContainer('early'), initContainer('late')),
  })
  .map(({ refresh, position, runAs, field, podUser, ...lists }) =>
    // As JSON has it: what is undefined is absent.
    JSON.parse(
      JSON.stringify({
        metadata: {
          annotations: {
            'akv-injector.io/secrets': 'team-a:db-password',
            'akv-injector.io/refresh': refresh,
            'akv-injector.io/position': position,
            'akv-injector.io/run-as': runAs,
          },
        },
        spec: { [field]: true, securityContext: { runAsUser: podUser }, ...lists },
      }),
    ),
  )

/** The containers of an injected pod that could take over its agent, by what Linux and Kubernetes say. */
export function takersOver({ spec }: SharingPod): readonly string[] {
  const agentIndex = spec.initContainers.findIndex(({ name }) => name === agentName)
  const userOf = ({ securityContext }: SharingContainer) =>
    securityContext?.runAsUser ?? spec.securityContext?.runAsUser
  const agent = spec.initContainers[agentIndex] as SharingContainer
  const before = spec.initContainers
    .slice(0, agentIndex)
    .filter(({ restartPolicy }) => restartPolicy)
  const after = [...spec.initContainers.slice(agentIndex + 1), ...spec.containers]
  return [...before, ...(agent.restartPolicy ? after : [])]
    .filter((container) => {
      const { securityContext: context = {} } = container
      const uid = userOf(container) ?? 0
      const isOther = uid > 0 && uid !== userOf(agent)
      const gains = context.privileged || context.capabilities?.add?.includes('SETUID')
      return !isOther || gains || context.allowPrivilegeEscalation !== false
    })
    .map(({ name }) => name)
}
