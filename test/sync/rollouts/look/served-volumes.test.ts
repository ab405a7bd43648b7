import t from 'tap'
import { stringify } from 'yaml'
import { maxAskedObjects } from '../../../../sync/rollouts/look/read-changes.ts'
import { maxClasses } from '../../../../sync/rollouts/look/read-classes.ts'
import { RolloutSimulation } from './rollout-simulation.ts'
import { simulatedPod } from './simulated-pod.ts'

/** Roll-outs for the objects of SecretProviderClasses, whose volumes the webhook serves. */
const classOf = (objects: readonly object[], parameters: object = {}) => ({
  spec: {
    provider: 'azure',
    parameters: {
      keyvaultName: 'team-a',
      objects: stringify({ array: objects.map((object) => stringify(object)) }),
      ...parameters,
    },
  },
})
const secret = (objectName: string, more: object = {}) => ({
  ...{ objectName, objectType: 'secret' },
  ...more,
})
const volume = (secretProviderClass: string) => ({
  name: secretProviderClass,
  csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass } },
})
const asking: Record<string, string> = { 'on-change': 'rollout' }
const mounting = (...classes: readonly string[]) => ({ spec: { volumes: classes.map(volume) } })

/** A Deployment with the volume of a class whose object the controller has seen. */
async function started({ asks = asking, objects = [secret('password')] } = {}) {
  const simulation = new RolloutSimulation()
  for (const name of ['password', 'key']) simulation.rotate(name)
  simulation.classes.set('kv', classOf(objects))
  simulation.deploy('web', asks, mounting('kv'))
  await simulation.pass(20)
  return simulation
}
const patched = ({ patches }: RolloutSimulation) => patches.map(({ name }) => name)

t.test('a rotation of an object of a class rolls out once', async (t) => {
  const simulation = await started()
  const version = simulation.rotate('password')
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web'])
  t.equal(simulation.events[0]?.message, `rolling out: team-a:password@${version} changed`)
  t.strictSame(simulation.problems(), [])
  simulation.restart()
  simulation.rotate('password')
  await simulation.pass(60)
  t.equal(simulation.patches.length, 2)
})

t.test('pinned versions and objects of other classes don’t count', async (t) => {
  const pinned = secret('key', { objectVersion: '0123456789abcdef0123456789abcdef' })
  const simulation = await started({ objects: [secret('password'), pinned] })
  simulation.classes.set('other', classOf([secret('key')]))
  simulation.rotate('key')
  await simulation.pass(120)
  t.strictSame(patched(simulation), [])
})

t.test('files of a class aren’t variables', async (t) => {
  const asks = { 'on-change': 'rollout-env', env: 'KEY=team-a:key' }
  const simulation = await started({ asks })
  t.notOk(simulation.requests.includes('readClass'))
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), [])
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
})

t.test('pods that have no annotations of ours may ask on their workload', async (t) => {
  const simulation = await started()
  const annotations = { 'akv-injector.io/on-change': 'rollout' }
  simulation.deploy('plain', {}, { annotations, ...mounting('keys') })
  simulation.classes.set('keys', classOf([secret('key')]))
  await simulation.pass(20)
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['plain'])
})

t.test('volumes that the driver mounts don’t count', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.servesVolumes = []
  simulation.classes.set('kv', classOf([secret('password')]))
  for (const name of ['password', 'key']) simulation.rotate(name)
  simulation.deploy('web', { ...asking, secrets: 'team-a:key' }, mounting('kv'))
  await simulation.pass(20)
  t.notOk(simulation.requests.includes('readClass'))
  simulation.rotate('password')
  await simulation.pass(120)
  t.strictSame(patched(simulation), [])
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
})

t.test('pods of another template don’t make volumes of the driver count', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.servesVolumes = []
  simulation.classes.set('kv', classOf([secret('password')]))
  simulation.rotate('password')
  simulation.deploy('web', asking, mounting('kv'))
  const owner = { kind: 'ReplicaSet', name: 'web-1' }
  simulation.extraPods.push(
    simulatedPod('forged', { owner, annotations: {}, startedMs: simulation.nowMs }),
  )
  await simulation.pass(20)
  simulation.rotate('password')
  await simulation.pass(120)
  t.notOk(simulation.requests.includes('readClass'))
  t.strictSame(patched(simulation), [])
})

t.test('beside a volume of another provider, the others are served', async (t) => {
  const simulation = await started()
  simulation.classes.set('theirs', { spec: { provider: 'vault' } })
  simulation.servesVolumes = ['kv']
  simulation.deploy('web', asking, mounting('kv', 'theirs'))
  await simulation.pass(20)
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
})

t.test('a changed class isn’t a change, and its objects count from the next list', async (t) => {
  const simulation = await started()
  simulation.classes.set('kv', classOf([secret('password'), secret('key')]))
  await simulation.pass(70)
  t.strictSame(patched(simulation), [], 'the new object is older than the pod')
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
  simulation.classes.set('kv', classOf([secret('key')]))
  await simulation.pass(70)
  simulation.rotate('password')
  await simulation.pass(120)
  t.strictSame(patched(simulation), ['web'], 'the class doesn’t name it any more')
})

t.test('an object that a class names later rolls out if it is newer than the pods', async (t) => {
  const simulation = await started()
  simulation.rotate('key')
  await simulation.pass(30)
  simulation.classes.set('kv', classOf([secret('password'), secret('key')]))
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web'])
})

t.test(
  'the account signs in as the client of the class, unless annotations name one',
  async (t) => {
    const simulation = new RolloutSimulation()
    const [ofClass, annotated] = ['3', '4'].map(
      (digit) => `${digit.repeat(8)}-3333-3333-3333-333333333333`,
    )
    for (const name of ['password', 'key']) simulation.rotate(name)
    simulation.classes.set('kv', classOf([secret('password')], { clientID: ofClass }))
    simulation.deploy('web', { ...asking, secrets: 'team-a:key' }, mounting('kv'))
    await simulation.pass(20)
    t.strictSame([...new Set(simulation.signIns.map(({ clientId }) => clientId))], [ofClass])
    const version = simulation.rotate('key')
    await simulation.pass(60)
    t.equal(
      simulation.events[0]?.message,
      `rolling out: team-a:key@${version} as ${ofClass} changed`,
    )
    simulation.signIns.length = 0
    simulation.deploy('web', { ...asking, 'client-id': `${annotated}` }, mounting('kv'))
    await simulation.pass(120)
    t.equal(simulation.signIns.at(-1)?.clientId, annotated)
  },
)

t.test('a class that can’t be used has a sentence, and the other objects count', async (t) => {
  const cases = [
    [
      'absent',
      undefined,
      'namespace team-a has no such SecretProviderClass; create it, or remove the volume',
    ],
    ['wrong', {}, 'has no spec'],
    ['unnamed', { spec: {} }, 'spec.provider is missing; expected "azure"'],
    ['empty', classOf([]), /nothing to fetch|name at least one object/],
    [
      'large',
      classOf([], { objects: 'x'.repeat(70_000) }),
      'its parameters have 70006 characters; accepted: at most 65536',
    ],
  ] as const
  for (const [name, object, reason] of cases) {
    const simulation = await started({ asks: { ...asking, secrets: 'team-a:key' } })
    if (object) simulation.classes.set('kv', object)
    else simulation.classes.delete('kv')
    simulation.restart()
    await simulation.pass(20)
    t.match(
      simulation.problems()[0],
      /^the objects of SecretProviderClass kv aren’t watched: /,
      name,
    )
    t.match(simulation.problems()[0], reason, name)
    simulation.rotate('key')
    await simulation.pass(60)
    t.strictSame(patched(simulation), ['web'], name)
  }
})

t.test('a class that the Role doesn’t name has a sentence until it does', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.classAccess = 'forbidden'
  simulation.rotate('password')
  simulation.classes.set('kv', classOf([secret('password')]))
  simulation.deploy('web', asking, mounting('kv'))
  await simulation.pass(20)
  t.strictSame(simulation.problems(), [
    'the objects of SecretProviderClass kv aren’t watched: the controller may not get it; apply the Role that "akv-injector rbac" prints',
  ])
  simulation.classAccess = 'allowed'
  await simulation.pass(11)
  t.strictSame(simulation.problems(), [])
  simulation.rotate('password')
  await simulation.pass(20)
  t.strictSame(patched(simulation), ['web'])
})

t.test('a new workload isn’t forgotten if the API server doesn’t answer', async (t) => {
  const simulation = await started()
  simulation.classes.set('keys', classOf([secret('key')]))
  simulation.deploy('new', asking, mounting('keys'))
  simulation.classAccess = 'away'
  await simulation.pass(15)
  simulation.classAccess = 'allowed'
  await simulation.pass(15)
  simulation.rotate('key')
  await simulation.pass(10)
  t.strictSame(patched(simulation), ['new'])
})

t.test(
  'a class of a new workload that can’t be used is read again after ten minutes',
  async (t) => {
    const simulation = await started()
    simulation.deploy('new', asking, mounting('keys'))
    await simulation.pass(15)
    t.match(simulation.problems(), [/^the objects of SecretProviderClass keys aren’t watched: /])
    simulation.classes.set('keys', classOf([secret('key')]))
    await simulation.pass(11)
    t.strictSame(simulation.problems(), [])
    simulation.rotate('key')
    await simulation.pass(10)
    t.strictSame(patched(simulation), ['new'])
  },
)

t.test('classes of other providers are the driver’s', async (t) => {
  const simulation = await started()
  simulation.classes.set('kv', { spec: { provider: 'vault', parameters: { objects: 'x' } } })
  await simulation.pass(70)
  t.strictSame(simulation.problems(), [])
})

t.test('each class is read once for all workloads, and only so many', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.rotate('password')
  const names = Array.from({ length: maxClasses + 20 }, (_, i) => `kv-${i}`)
  for (const name of names) simulation.classes.set(name, classOf([secret('password')]))
  for (let i = 0; i < 20; i++)
    simulation.deploy(`web${i}x`, asking, mounting(...names.slice(i * 6, i * 6 + 10)))
  await simulation.pass(0.1)
  const reads = simulation.requests.filter((request) => request === 'readClass').length
  t.equal(reads, maxClasses)
  t.match(simulation.problems(), [
    /name 120 SecretProviderClasses, and only the objects of the first 100 are/,
  ])
})

t.test('of a class with more objects than are watched, the first count', async (t) => {
  const names = Array.from({ length: maxAskedObjects + 20 }, (_, i) => `object-${i}`)
  const simulation = new RolloutSimulation()
  for (const name of names) simulation.rotate(name)
  simulation.classes.set('kv', classOf(names.map((name) => secret(name))))
  simulation.deploy('web', asking, mounting('kv'))
  await simulation.pass(10)
  t.strictSame(simulation.problems(), [
    'workloads ask for more than 200 objects, and the others aren’t watched; use more accounts',
  ])
  simulation.rotate('object-219')
  await simulation.pass(30)
  t.strictSame(patched(simulation), [])
  simulation.rotate('object-0')
  await simulation.pass(30)
  t.strictSame(patched(simulation), ['web'])
})
