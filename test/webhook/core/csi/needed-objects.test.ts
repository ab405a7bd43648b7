import t from 'tap'
import type { Lookup } from '../../../../requests/class/looked-up.ts'
import { accountNeeded, classesNeeded } from '../../../../webhook/core/csi/needed-objects.ts'
import { csiPod, csiVolume, exampleClass, requestOf } from './example.ts'

const podWith = (volumes: object[], annotations?: Record<string, string>) => {
  const { metadata, spec } = csiPod()
  return {
    metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: { ...spec, volumes },
  }
}

t.test('the classes of all volumes of the driver are needed, each once', async (t) => {
  const volumes = [csiVolume('a', 'kv-a'), csiVolume('b', 'kv-b'), csiVolume('c', 'kv-a')]
  t.strictSame(classesNeeded(requestOf(podWith(volumes))), ['kv-a', 'kv-b'])
})

t.test('only valid names are looked up', async (t) => {
  for (const name of ['../x', 'A', '', 'x'.repeat(254), 'a?b', 'a/b', 'a%2fb', '-', 'a..b', 'é'])
    t.strictSame(classesNeeded(requestOf(podWith([csiVolume('a', name)]))), [], name)
  t.strictSame(classesNeeded(requestOf(podWith([csiVolume('A')]))), [], 'the name of a volume')
  for (const namespace of ['', '..', 'a/b', 'x'.repeat(64)])
    t.strictSame(classesNeeded(requestOf(csiPod(), namespace)), [], `namespace ${namespace}`)
})

t.test('nothing is looked up for a pod whose outcome is known without it', async (t) => {
  const request = requestOf(csiPod())
  const cases = {
    'not a pod': { ...request, kind: 'Job' },
    'not created': { ...request, operation: 'UPDATE' },
    'turned off': requestOf(podWith([csiVolume()], { 'akv-injector.io/inject': 'false' })),
    'a mirror pod': requestOf(podWith([csiVolume()], { 'kubernetes.io/config.mirror': 'x' })),
    malformed: requestOf({ ...csiPod(), spec: { ...csiPod().spec, containers: 1 } }),
    'on Windows': requestOf({ ...csiPod(), spec: { ...csiPod().spec, os: { name: 'windows' } } }),
    'too many volumes': requestOf(
      podWith(Array.from({ length: 33 }, (_, i) => csiVolume(`v${i}`, `c${i}`))),
    ),
  }
  for (const [name, request] of Object.entries(cases))
    t.strictSame(classesNeeded(request), [], name)
})

t.test(
  'the ServiceAccount is needed only if a class of the Azure provider names no client',
  async (t) => {
    const neededFor = (lookup: Lookup, pod: object = csiPod()) =>
      accountNeeded(requestOf(pod), new Map([['azure-kv', lookup]]))
    const found = (object: unknown): Lookup => ({ kind: 'found', object })
    const anonymous = found(exampleClass({ clientID: ' ' }))

    t.equal(neededFor(anonymous), 'default')
    const withAccount = (name: string) => ({
      ...csiPod(),
      spec: { ...csiPod().spec, serviceAccountName: name },
    })
    t.equal(neededFor(anonymous, withAccount('web')), 'web')
    t.equal(neededFor(anonymous, withAccount('../web')), undefined, 'not a valid name')

    t.equal(neededFor(found(exampleClass())), undefined, 'named by clientID')
    t.equal(
      neededFor(found(exampleClass({ clientID: '', userAssignedIdentityID: 'x' }))),
      undefined,
      'named by userAssignedIdentityID',
    )
    const annotated = podWith([csiVolume()], { 'akv-injector.io/client-id': 'x' })
    t.equal(neededFor(anonymous, annotated), undefined, 'named by our annotation')
    t.equal(neededFor({ kind: 'absent' }), undefined)
    t.equal(neededFor(found({ spec: { provider: 'gcp' } })), undefined, 'another provider')
    t.equal(neededFor(found({ spec: { provider: 'azure' } })), 'default', 'no parameters')
  },
)
