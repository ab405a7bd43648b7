import t from 'tap'
import { injectorOf, injectors } from '../../../../webhook/core/injection/injected-containers.ts'
import { describeWarning } from '../../../../webhook/core/model/outcome.ts'
import type { Container } from '../../../../webhook/core/model/pod.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { policy } from '../policy.ts'

interface PodOptions {
  readonly containers?: readonly Partial<Container>[]
  readonly initContainers?: readonly Partial<Container>[]
  readonly annotations?: Readonly<Record<string, string>>
}

function review({ containers = [], initContainers = [], annotations = {} }: PodOptions) {
  const metadata = {
    annotations: {
      'akv-injector.io/vault': 'team-a',
      'akv-injector.io/secrets': 'db-password',
      'akv-injector.io/env': 'API_KEY=api-key',
      'akv-injector.io/client-id': '11111111-2222-3333-4444-555555555555',
      'akv-injector.io/tenant-id': '11111111-2222-3333-4444-555555555555',
      ...annotations,
    },
  }
  const object = {
    metadata,
    spec: { initContainers, containers: [{ name: 'app' }, ...containers] },
  }
  const outcome = mutate(
    {
      uid: '1',
      group: '',
      kind: 'Pod',
      operation: 'CREATE',
      subResource: '',
      namespace: 'shop',
      dryRun: false,
      object,
    },
    policy,
  )
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  return outcome
}

/** The containers that a patch gives a mount or a variable, by the start of its paths. */
const touched = ({ operations }: ReturnType<typeof review>) =>
  new Set(
    operations.flatMap(({ path }) => /^\/spec\/(containers|initContainers)\/\d+/.exec(path) ?? []),
  )

for (const { name: injector, containers } of injectors)
  t.test(`what ${injector} adds gets neither files nor variables`, async (t) => {
    for (const name of containers) {
      const main = review({ containers: [{ name }] })
      t.notOk(touched(main).has('/spec/containers/1'), name)
      t.strictSame(
        main.warnings.map(describeWarning),
        [
          `akv-injector: container ${name} receives no objects, because ${injector} injects a container of this name; if it should, list it in akv-injector.io/containers`,
        ],
        name,
      )
      const init = review({ initContainers: [{ name }] })
      t.notOk(touched(init).has('/spec/initContainers/1'), `${name} as an init container`)
    }
  })

t.test(
  'a container that the annotation names receives the objects, without a warning',
  async (t) => {
    const outcome = review({
      containers: [{ name: 'daprd' }],
      annotations: { 'akv-injector.io/containers': 'app, daprd' },
    })
    t.ok(touched(outcome).has('/spec/containers/1'))
    t.strictSame(outcome.warnings, [])
    const without = review({
      containers: [{ name: 'daprd' }],
      annotations: { 'akv-injector.io/containers': 'app' },
    })
    t.strictSame(without.warnings, [], 'left out on purpose')
  },
)

t.test(
  'the agent starts after a mesh’s sidecar, but before other injectors’ containers',
  async (t) => {
    const agentPath = (name: string) =>
      review({ initContainers: [{ name, restartPolicy: 'Always' }] }).operations.find(
        (operation) =>
          operation.op === 'add' && (operation.value as Partial<Container>).name === 'akv-injector',
      )?.path
    t.equal(agentPath('istio-proxy'), '/spec/initContainers/1')
    t.equal(agentPath('vault-agent'), '/spec/initContainers/0')
  },
)

t.test('each name stands once in the list, with the file that it comes from', async (t) => {
  const names = injectors.flatMap(({ containers }) => containers)
  t.equal(new Set(names).size, names.length)
  for (const { name, source } of injectors) t.match(source, /^[\w.-]+\/[\w.-]+ \S/, name)
  t.equal(injectorOf('app'), undefined)
  t.equal(injectorOf('constructor'), undefined)
})
