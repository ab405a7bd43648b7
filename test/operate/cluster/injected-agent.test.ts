import t from 'tap'
import { injectedAgent } from '../../../operate/cluster/pods/injected-agent.ts'
import { agentImage, injectedPod } from '../../support/injected-pods/injected-pod.ts'

const images = { by: 'options', value: [agentImage] } as const

type Container = Record<string, unknown> & {
  env: unknown[]
  volumeMounts: unknown[]
  startupProbe?: object
}

/** The pod with its agent's container changed. */
function changed(change: (container: Container) => void) {
  const pod = structuredClone(injectedPod())
  const [container] = (pod['spec'] as { initContainers: [Container] }).initContainers
  change(container)
  return pod
}

t.test('the agent of an injected pod is ours', (t) => {
  const agent = injectedAgent(injectedPod(), { images })
  t.match(agent, { kind: 'ours', config: { files: [{ object: { name: 'db-password' } }] } })
  t.match(injectedAgent({ spec: { containers: [{ name: 'akv-injector' }] } }), undefined)
  t.end()
})

t.test('members that other webhooks add don’t change that', (t) => {
  const pods = [
    changed(({ env }) => env.push({ name: 'AZURE_CLIENT_ID', value: 'x' })),
    changed(({ volumeMounts }) =>
      volumeMounts.push({ name: 'token', mountPath: '/var/run/secrets/azure/wi', readOnly: true }),
    ),
    changed((container) => Object.assign(container, { stdin: false, command: null, envFrom: [] })),
    changed((container) =>
      Object.assign(container, { terminationMessagePath: '/dev/termination-log' }),
    ),
  ]
  for (const pod of pods) t.equal(injectedAgent(pod)?.kind, 'ours')
  t.end()
})

t.test('nothing is believed from a container that runs anything else', (t) => {
  const forged: readonly (readonly [RegExp, (container: Container) => void])[] = [
    [/sets command/, (it) => Object.assign(it, { command: ['sh'] })],
    [/sets envFrom/, (it) => Object.assign(it, { envFrom: [{ configMapRef: { name: 'x' } }] })],
    [/sets workingDir/, (it) => Object.assign(it, { workingDir: '/tmp' })],
    [/sets \\u\{1b\}\[2J/, (it) => Object.assign(it, { '\u001b[2J': 1 })],
    [/arguments/, (it) => Object.assign(it, { args: ['agent', '--root', '/tmp'] })],
    [/arguments/, (it) => Object.assign(it, { args: 'agent' })],
    [/arguments/, (it) => delete it['args']],
    [/variable NODE_OPTIONS/, ({ env }) => env.push({ name: 'NODE_OPTIONS', value: '-r /x' })],
    [/variable LD_PRELOAD/, ({ env }) => env.push({ name: 'LD_PRELOAD', value: '/x' })],
    [/variable PATH/, ({ env }) => env.push({ name: 'PATH', value: '/x' })],
    [/no AKV_INJECTOR_CONFIG/, ({ env }) => env.push(env[0])],
    [/no AKV_INJECTOR_CONFIG/, ({ env }) => env.splice(0)],
    [/is not JSON/, ({ env }) => Object.assign(env[0] as object, { value: '{' })],
    [/larger than/, ({ env }) => Object.assign(env[0] as object, { value: ' '.repeat(1e6) })],
    [/mount at \/usr\/bin/, (it) => it.volumeMounts.push({ name: 'x', mountPath: '/usr/bin' })],
    [
      /mount at \/var\/run\/secrets\/\.\.\/\.\./,
      (it) => it.volumeMounts.push({ name: 'x', mountPath: '/var/run/secrets/../../usr' }),
    ],
    [/lacks the mount/, ({ volumeMounts }) => volumeMounts.splice(0)],
    [/mount at/, ({ volumeMounts }) => Object.assign(volumeMounts[0] as object, { subPath: 'x' })],
    [
      /startupProbe runs another program/,
      (it) => Object.assign(it, { startupProbe: { exec: { command: ['sh', '-c', 'x'] } } }),
    ],
    [
      /lifecycle runs another program/,
      (it) => Object.assign(it, { lifecycle: { preStop: { exec: { command: ['sh'] } } } }),
    ],
    [/image evil/, (it) => Object.assign(it, { image: 'evil' })],
  ]
  for (const [why, change] of forged) {
    const agent = injectedAgent(changed(change), { images })
    t.equal(agent?.kind, 'not-ours')
    t.match(agent, { why })
  }
  t.end()
})

t.test('an image without a tag stands for its repository', (t) => {
  const withImage = (image: string) => changed((it) => Object.assign(it, { image }))
  const isOurs = (image: string, known: string) =>
    injectedAgent(withImage(image), { images: { by: 'options', value: [known] } })?.kind === 'ours'
  t.ok(isOurs('localhost:5000/akv:1', 'localhost:5000/akv'))
  t.ok(isOurs('r.example/akv:1@sha256:00', 'r.example/akv'))
  t.ok(isOurs('r.example/akv:1', 'r.example/akv:1'))
  t.notOk(isOurs('r.example/akv:2', 'r.example/akv:1'))
  t.notOk(isOurs('r.example/akv-other:1', 'r.example/akv'))
  t.notOk(isOurs('localhost:5000/other', 'localhost'))
  t.end()
})
