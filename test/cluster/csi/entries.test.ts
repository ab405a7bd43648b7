import t from 'tap'
import { callPatiently } from '../client/call-patiently.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { filesAndEnv, type Pod, plainPod, prefixed } from '../client/pods.ts'
import { csiWebhookConfiguration } from '../harness/install/csi-manifests.ts'
import { webhookConfiguration } from '../harness/install/install.ts'
import { csiLabel, csiPod } from './harness/csi-pods.ts'
import { recordReviews } from './harness/record-reviews.ts'

/** Tests for which pods the API server calls which entry of the webhook configuration. */
const cluster = openCluster(t)
const namespaces = {
  unlabelled: await testNamespace(t, cluster),
  labelled: await testNamespace(t, cluster, csiLabel),
  'labelled otherwise': await testNamespace(t, cluster, { 'akv-injector.io/csi': 'false' }),
  'labelled but excluded': await testNamespace(t, cluster, { ...csiLabel, 'control-plane': 'x' }),
}
type Place = keyof typeof namespaces

const annotations = prefixed(filesAndEnv)
const agent = { name: 'akv-injector', image: 'registry.example/akv-injector:1' }
const pods = {
  annotated: (metadata) => plainPod({}, { ...metadata, annotations }),
  'with a volume of the driver': (metadata) => csiPod(metadata),
  'with both': (metadata) => csiPod({ ...metadata, annotations: filesAndEnv }),
  'with the agent': (metadata) => plainPod({ initContainers: [agent] }, metadata),
  'with a volume of another driver': (metadata) =>
    csiPod({ ...metadata, driver: 'other.csi.example' }),
  plain: (metadata) => plainPod({}, metadata),
} satisfies Readonly<Record<string, (metadata: { name: string; namespace: string }) => Pod>>
type Kind = keyof typeof pods

/** The paths that are called for each kind of pod. */
type Called = Readonly<Record<Kind, readonly string[]>>
const nobody: Called = {
  annotated: [],
  'with a volume of the driver': [],
  'with both': [],
  'with the agent': [],
  'with a volume of another driver': [],
  plain: [],
}
const annotatedOnly: Called = { ...nobody, annotated: ['/mutate'], 'with both': ['/mutate'] }
const served: Called = {
  ...nobody,
  annotated: ['/mutate/csi'],
  'with a volume of the driver': ['/mutate/csi'],
  'with both': ['/mutate/csi'],
  'with the agent': ['/mutate/csi'],
}

const modes = {
  none: webhookConfiguration(),
  labelled: csiWebhookConfiguration('labelled'),
  all: csiWebhookConfiguration('all'),
}
const expected: Readonly<Record<keyof typeof modes, Readonly<Record<Place, Called>>>> = {
  none: {
    unlabelled: annotatedOnly,
    labelled: annotatedOnly,
    'labelled otherwise': annotatedOnly,
    'labelled but excluded': nobody,
  },
  labelled: {
    unlabelled: annotatedOnly,
    labelled: served,
    'labelled otherwise': annotatedOnly,
    'labelled but excluded': nobody,
  },
  all: {
    unlabelled: served,
    labelled: served,
    'labelled otherwise': served,
    'labelled but excluded': nobody,
  },
}

let count = 0
for (const [mode, configuration] of Object.entries(modes))
  t.test(
    `with csi.namespaces ${mode}, each pod is reviewed by the right entry, once`,
    async (t) => {
      const { pathsOf } = await recordReviews(t, cluster, configuration)
      const places = expected[mode as keyof typeof modes]
      const pathsFor = async (kind: Kind, namespace: string) => {
        const answer = await callPatiently(() => {
          count += 1
          return cluster.create(pods[kind]({ name: `pod-${count}`, namespace }), { dryRun: true })
        })
        return pathsOf(String(expectSuccess(answer).body.metadata.name))
      }
      // The API server sees a changed configuration and its endpoints with a delay.
      await until(async () => {
        const pod = plainPod({}, { name: 'probe', namespace: namespaces.labelled, annotations })
        await cluster.create(pod, { dryRun: true })
        return pathsOf('probe').at(-1) === places.labelled.annotated[0]
      })
      for (const [place, called] of Object.entries(places))
        for (const [kind, paths] of Object.entries(called))
          t.strictSame(
            await pathsFor(kind as Kind, namespaces[place as Place]),
            paths,
            `a pod ${kind}, in a namespace that is ${place}`,
          )
    },
  )

t.test('the largest pods stay within the cost limit of the match condition', async (t) => {
  const { pathsOf } = await recordReviews(t, cluster, modes.all)
  const list = <T>(length: number, make: (at: number) => T) =>
    Array.from({ length }, (_, at) => make(at))
  const large = (name: string, volumes: readonly object[] = []) =>
    plainPod(
      {
        initContainers: list(2000, (at) => ({ ...agent, name: `init-${at}` })),
        volumes: [...list(5000, (at) => ({ name: `v-${at}`, emptyDir: {} })), ...volumes],
      },
      {
        name,
        namespace: namespaces.unlabelled,
        annotations: Object.fromEntries(list(30_000, (at) => [`a${at}`, ''])),
      },
    )
  const { volumes } = csiPod({ namespace: 'x' }).spec
  await until(async () => {
    await cluster.create(csiPod({ name: 'probe', namespace: namespaces.unlabelled }), {
      dryRun: true,
    })
    return pathsOf('probe').length > 0
  })
  const create = async (pod: Pod) =>
    expectSuccess(await callPatiently(() => cluster.create(pod, { dryRun: true })))
  await create(large('without'))
  t.strictSame(pathsOf('without'), [])
  await create(large('with', volumes))
  t.strictSame([...new Set(pathsOf('with'))], ['/mutate/csi'])
})
