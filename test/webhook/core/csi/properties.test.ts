import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { LookedUp } from '../../../../requests/class/looked-up.ts'
import { accountNeeded, classesNeeded } from '../../../../webhook/core/csi/needed-objects.ts'
import { agentName } from '../../../../webhook/core/model/our-names.ts'
import type { Injected } from '../../../../webhook/core/model/outcome.ts'
import { allContainers, type Pod } from '../../../../webhook/core/model/pod.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { isReached, numRuns } from '../../../support/property-runs.ts'
import { anyPod, requestFor, saneAnnotations } from '../arbitraries.ts'
import { holds } from '../holds.ts'
import { type InjectedPod, interference } from '../interference.ts'
import { assertConfiguredHosts, patchedPod } from '../patched-pod.ts'
import { policy } from '../policy.ts'
import { csiVolume, exampleClass, parameters } from './example.ts'

const volumeNames = ['secrets-store', 'more', 'data']
const classNames = ['kv-a', 'kv-b', 'gcp', 'gone']

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const mount = fc.record({
  name: fc.constantFrom(...volumeNames),
  mountPath: fc.constantFrom('/mnt/a', '/mnt/b', '/mnt/secrets-store'),
  readOnly: maybe(fc.boolean()),
  subPath: maybe(fc.constantFrom('', 'db-password')),
})
const volumes = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...volumeNames), class: fc.constantFrom(...classNames) }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
)

/** A pod with volumes of the driver, mounted anywhere, with annotations or without. */
const servedPod = fc
  .tuple(
    anyPod(fc.oneof(fc.constant({}), saneAnnotations)),
    volumes,
    fc.array(fc.array(mount, { maxLength: 3 }), { minLength: 4, maxLength: 4 }),
  )
  .map(([pod, declared, mounts]) => {
    const copy = structuredClone(pod)
    const names = declared.map(({ name }) => name)
    const others = (copy.spec.volumes ?? []).filter(
      (volume: { name: string }) => !names.includes(volume.name),
    )
    copy.spec.volumes = [
      ...others,
      ...declared.map((volume) => csiVolume(volume.name, volume.class)),
    ]
    for (const [i, container] of allContainers(copy as Pod).entries())
      Object.assign(container, {
        volumeMounts: JSON.parse(JSON.stringify(mounts[i % mounts.length])),
      })
    return copy
  })

const classes: fc.Arbitrary<LookedUp> = fc
  .record({
    objects: fc.constantFrom(
      parameters.objects,
      'array:\n  - |\n    objectName: a\n    objectAlias: b/c\n    objectType: cert\n',
    ),
    clientID: fc.constantFrom(parameters.clientID, ''),
    useVMManagedIdentity: fc.constantFrom('true', 'false'),
  })
  .map((changes) => ({
    classes: new Map([
      ['kv-a', { kind: 'found', object: exampleClass(changes) }],
      ['kv-b', { kind: 'found', object: exampleClass({ ...changes, keyvaultName: 'team-b' }) }],
      ['gcp', { kind: 'found', object: { spec: { provider: 'gcp' } } }],
      ['gone', { kind: 'absent' }],
    ]),
    account: {
      kind: 'found',
      object: {
        metadata: { annotations: { 'azure.workload.identity/client-id': parameters.clientID } },
      },
    },
  }))

function checkServed(
  t: Test,
  verify: (pod: Pod, outcome: Injected, lookedUp: LookedUp) => void,
): void {
  let served = 0
  t.ok(
    isReached(
      () =>
        fc.assert(
          fc.property(servedPod, classes, (pod, lookedUp) => {
            const outcome = mutate(requestFor(pod), policy, lookedUp)
            if (outcome.kind !== 'injected') return
            if (outcome.operations.some(({ op }) => op === 'remove')) served++
            verify(pod as Pod, outcome, lookedUp)
          }),
          { numRuns },
        ),
      (rounds) => served > (rounds * numRuns) / 20,
    ),
    `${served} pods were served`,
  )
}

/** The pod without what the patch may change: `csi` of each volume that was replaced, and `readOnly` of its mounts. */
function withoutReplaced(pod: Pod, outcome: Injected): Pod {
  const copy = structuredClone(pod) as Pod & { spec: { volumes: Record<string, unknown>[] } }
  const replaced = new Set<unknown>()
  for (const { op, path } of outcome.operations) {
    if (op !== 'remove') continue
    const [, index = ''] = /^\/spec\/volumes\/(\d+)\/csi$/.exec(path) ?? []
    const volume = copy.spec.volumes[Number(index)]
    if (volume === undefined) throw new Error(`removes ${path}`)
    delete volume['csi']
    replaced.add(volume['name'])
  }
  for (const { volumeMounts } of allContainers(copy))
    for (const mount of volumeMounts ?? [])
      if (replaced.has(mount.name)) Object.assign(mount, { readOnly: true })
  return copy
}

t.test('injection removes nothing of the user’s but `csi` of served volumes', async (t) => {
  checkServed(t, (pod, outcome) => {
    if (!holds(patchedPod(pod, outcome), withoutReplaced(pod, outcome)))
      throw new Error('something is lost')
  })
})

t.test('only the agent can write to a served volume', async (t) => {
  checkServed(t, (pod, outcome) => {
    const after = patchedPod(pod, outcome)
    const served = new Set(
      outcome.operations.flatMap(({ op, path }) =>
        op === 'remove' ? (pod.spec.volumes?.[Number(path.split('/')[3])]?.name ?? []) : [],
      ),
    )
    for (const { name, volumeMounts } of allContainers(after))
      for (const mount of volumeMounts ?? [])
        if (name !== agentName && served.has(mount.name) && mount.readOnly !== true)
          throw new Error(`${name} can write to ${mount.name}`)
  })
})

t.test('reviewing the result needs the same objects and adds nothing', async (t) => {
  checkServed(t, (pod, outcome, lookedUp) => {
    const again = requestFor(patchedPod(pod, outcome))
    const second = mutate(again, policy, lookedUp)
    if (second.kind !== 'skipped' || second.reason !== 'complete')
      throw new Error(JSON.stringify(second))
    const [before, after] = [requestFor(pod), again].map((request) => [
      ...classesNeeded(request),
      accountNeeded(request, lookedUp.classes),
    ])
    if (JSON.stringify(before) !== JSON.stringify(after))
      throw new Error(`${before} before, ${after} after`)
  })
})

t.test('changes that another webhook makes to the result are repaired once', async (t) => {
  // So many that chance doesn't bring the share of mended results below the floor.
  const manyRuns = 4 * numRuns
  let mended = 0
  t.ok(
    isReached(
      () =>
        fc.assert(
          fc.property(servedPod, classes, interference, (pod, lookedUp, interfere) => {
            const first = mutate(requestFor(pod), policy, lookedUp)
            if (first.kind !== 'injected') return
            const changed = structuredClone(patchedPod(pod, first))
            interfere(changed as InjectedPod)
            const second = mutate(requestFor(changed), policy, lookedUp)
            if (second.kind === 'denied') throw new Error(JSON.stringify(second.problems))
            if (second.kind === 'skipped') return
            mended++
            const third = mutate(requestFor(patchedPod(changed, second)), policy, lookedUp)
            if (third.kind !== 'skipped') throw new Error(JSON.stringify(third))
          }),
          { numRuns: manyRuns },
        ),
      (rounds) => mended > (rounds * manyRuns) / 50,
    ),
    `${mended} results were mended`,
  )
})

t.test('the same review and classes give the same bytes, and are left as they were', async (t) => {
  fc.assert(
    fc.property(servedPod, classes, (pod, lookedUp) => {
      const before = JSON.stringify([pod, ...lookedUp.classes])
      const outcome = JSON.stringify(mutate(requestFor(pod), policy, lookedUp))
      const copy = structuredClone({ pod, lookedUp })
      if (JSON.stringify(mutate(requestFor(copy.pod), policy, copy.lookedUp)) !== outcome)
        throw new Error('differs')
      if (JSON.stringify([pod, ...lookedUp.classes]) !== before) throw new Error('changed')
    }),
    { numRuns },
  )
  t.pass(`${numRuns} runs`)
})

t.test('without look-ups, volumes of the driver change nothing', async (t) => {
  fc.assert(
    fc.property(servedPod, (pod) => {
      const outcome = mutate(requestFor(pod), policy)
      if (outcome.kind === 'injected' && outcome.operations.some(({ op }) => op === 'remove'))
        throw new Error('removes something')
      const isAnnotated = Object.keys(pod.metadata.annotations).length > 0
      if (!isAnnotated && outcome.kind !== 'skipped') throw new Error(JSON.stringify(outcome))
    }),
    { numRuns },
  )
  t.pass(`${numRuns} runs`)
})

t.test(
  'no class makes the agent talk to a host that the administrator did not configure',
  async (t) => {
    const pieces = fc.constantFrom(
      'team-a',
      'https://',
      'evil.example',
      '/',
      ':',
      '@',
      '#',
      '?',
      '..',
      '%2e',
      '\n',
      '\0',
    )
    const text = fc.array(pieces, { maxLength: 4 }).map((some) => some.join(''))
    const fields = { keyvaultName: text, cloudName: text, tenantId: text, cloudEnvFileName: text }
    // Of the classes with several changes, hardly any is served.
    const oneChange = fc
      .tuple(fc.constantFrom(...Object.keys(fields)), text)
      .map(([name, value]) => ({ [name]: value }))
    let served = 0
    t.ok(
      isReached(
        () =>
          fc.assert(
            fc.property(fc.oneof(oneChange, fc.record(fields, { requiredKeys: [] })), (changes) => {
              const pod = {
                metadata: {},
                spec: { containers: [{ name: 'app' }], volumes: [csiVolume()] },
              }
              const lookedUp = {
                classes: new Map([
                  ['azure-kv', { kind: 'found', object: exampleClass(changes) } as const],
                ]),
              }
              const outcome = mutate(requestFor(pod), policy, lookedUp)
              if (outcome.kind !== 'injected') return
              served++
              assertConfiguredHosts(patchedPod(pod, outcome) as Pod)
            }),
            { numRuns: 2 * numRuns },
          ),
        (rounds) => served > (rounds * numRuns) / 20,
      ),
      `${served} pods were served`,
    )
  },
)
