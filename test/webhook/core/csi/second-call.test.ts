import t from 'tap'
import type { LookedUp } from '../../../../requests/class/looked-up.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { patchedPod } from '../patched-pod.ts'
import { policy } from '../policy.ts'
import { csiPod, csiVolume, type ExamplePod, exampleClass, lookedUp, requestOf } from './example.ts'

const classes = lookedUp({ 'azure-kv': exampleClass() })

function patched(pod: ExamplePod, lookedUp: LookedUp = classes): ExamplePod {
  const outcome = mutate(requestOf(pod), policy, lookedUp)
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  return patchedPod(pod, outcome)
}

/** Reviews the result of a first review, after another webhook has changed it. */
function reviewAgain(change: (pod: ExamplePod) => void, lookedUp: LookedUp = classes) {
  const pod = patched(csiPod())
  change(pod)
  return mutate(requestOf(pod), policy, lookedUp)
}

t.test('an injected pod that nobody changed is complete', async (t) => {
  t.strictSame(
    reviewAgain(() => {}),
    { kind: 'skipped', reason: 'complete' },
  )
})

t.test('a mount that another webhook added is sealed', async (t) => {
  const outcome = reviewAgain(({ spec }) => {
    spec.containers.push({
      name: 'sidecar',
      volumeMounts: [{ name: 'secrets-store', mountPath: '/secrets', readOnly: false }],
    })
  })
  t.match(outcome, {
    kind: 'injected',
    operations: [{ op: 'add', path: '/spec/containers/1/volumeMounts/0/readOnly', value: true }],
  })
})

t.test('the agent keeps its own mounts writable', async (t) => {
  const agent = patched(csiPod()).spec.initContainers?.find(({ name }) => name === 'akv-injector')
  t.match(agent?.volumeMounts?.[0], {
    name: 'secrets-store',
    mountPath: '/akv/csi/secrets-store',
    readOnly: undefined,
  })
})

t.test('a volume that another webhook added in front changes nothing', async (t) => {
  const outcome = reviewAgain(({ spec }) => void spec.volumes.unshift({ name: 'x', emptyDir: {} }))
  t.strictSame(outcome, { kind: 'skipped', reason: 'complete' })
})

const foreign = { kind: 'denied', problems: [{ subject: 'init container akv-injector' }] }

t.test('a class that changed between the two calls denies the pod', async (t) => {
  const changed = lookedUp({ 'azure-kv': exampleClass({ keyvaultName: 'team-b' }) })
  const outcome = reviewAgain(() => {}, changed)
  t.match(outcome, foreign)
  t.match(outcome, {
    problems: [
      {
        sentence: /its SecretProviderClasses .* has just changed, try again\. .* original manifest/,
      },
    ],
  })
})

t.test('a class that another provider has at the second call denies the pod', async (t) => {
  const object = { ...exampleClass(), spec: { provider: 'vault' } }
  t.match(
    reviewAgain(() => {}, lookedUp({ 'azure-kv': object })),
    {
      kind: 'denied',
      problems: [
        {
          subject: 'volume secrets-store, SecretProviderClass azure-kv',
          sentence: /^was of the provider azure when the webhook first reviewed the pod/,
        },
      ],
    },
  )
})

t.test('a class that is gone at the second call denies the pod', async (t) => {
  const outcome = reviewAgain(() => {}, { classes: new Map([['azure-kv', { kind: 'absent' }]]) })
  t.match(outcome, {
    kind: 'denied',
    problems: [{ subject: 'volume secrets-store, SecretProviderClass azure-kv' }],
  })
})

t.test('a volume that another webhook moved to disk, or removed, denies the pod', async (t) => {
  const problem = {
    subject: 'volume secrets-store, SecretProviderClass azure-kv',
    sentence: /^the agent writes to this volume, but it is no longer an emptyDir in memory/,
  }
  const onDisk = reviewAgain(({ spec }) => {
    spec.volumes[0] = { name: 'secrets-store', emptyDir: {} }
  })
  t.match(onDisk, { kind: 'denied', problems: [problem] })
  const removed = reviewAgain(({ spec }) => void spec.volumes.shift())
  t.match(removed, { kind: 'denied', problems: [problem] })
})

t.test('a configuration alone makes no volume a served one', async (t) => {
  const outcome = reviewAgain(({ spec }) => {
    spec.volumes.push({ name: 'other', emptyDir: { medium: 'Memory' } })
    spec.containers[0]?.volumeMounts?.push({ name: 'other', mountPath: '/other' })
  })
  t.strictSame(outcome, { kind: 'skipped', reason: 'complete' }, 'other volumes are left alone')
})

t.test('a copied agent with another list of volumes is refused', async (t) => {
  const two: ExamplePod = csiPod()
  two.spec.volumes.push(csiVolume('again'))
  const agent = patched(two).spec.initContainers?.[0]
  const outcome = reviewAgain(({ spec }) => {
    if (agent) spec.initContainers = [agent]
  })
  t.match(outcome, {
    kind: 'denied',
    problems: [{ subject: 'volume again, SecretProviderClass azure-kv' }, ...foreign.problems],
  })
})

t.test('a pod with our agent, reviewed where volumes aren’t served, is left alone', async (t) => {
  const pod = patched(csiPod())
  t.strictSame(mutate(requestOf(pod), policy), { kind: 'skipped', reason: 'not-annotated' })
})

t.test('a container of the agent’s name asks for nothing by itself', async (t) => {
  const pod = csiPod()
  pod.spec.volumes = []
  pod.spec.initContainers = [{ name: 'akv-injector' }]
  t.strictSame(mutate(requestOf(pod), policy, classes), {
    kind: 'skipped',
    reason: 'not-annotated',
  })
})
