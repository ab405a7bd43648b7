import t from 'tap'
import { csiPath, mutatePath } from '../../../webhook/http/mutate-route.ts'
import type { Manifest } from '../rendered.ts'
import { webhooksCalled } from './admission.ts'
import { assertKnownFields } from './known-fields.ts'
import { coveredBy, type Labels } from './matching.ts'
import { csiLabel, type ExampleNamespace, excluded, ordinary } from './namespaces.ts'
import { readRendering } from './renderings.ts'

/** Which pods the API server sends to the webhook, and what happens to them. */
const install = readRendering('install')
const csiLabelled = readRendering('csiLabelled')
const csiAll = readRendering('csiAll')
const modes = { install, csiLabelled, csiAll }
const pods = 'pods.akv-injector.io'
const csiPods = 'csi-pods.akv-injector.io'
const shop: ExampleNamespace = { name: 'shop', labels: {} }
const labelled = { ...shop, labels: csiLabel }

const pod = (annotations?: Labels, spec: object = {}) => ({
  metadata: { name: 'web', ...(annotations && { annotations }) },
  spec: { containers: [{ name: 'app' }], ...spec },
})
const annotated = pod({ 'akv-injector.io/secrets': 'db-password' })

interface Called {
  readonly namespace?: ExampleNamespace
  readonly object?: Manifest
  readonly version?: string
}
const called = (objects: readonly Manifest[], options: Called = {}) => {
  const { namespace = shop, object = annotated, ...others } = options
  const request = { operation: 'CREATE', resource: 'pods', ...others }
  return webhooksCalled(objects, { ...request, object, namespace })
}

t.test('annotated pods of all namespaces but the excluded ones are sent', async (t) => {
  for (const [mode, objects] of Object.entries(modes)) {
    for (const namespace of ordinary)
      for (const version of ['v1', 'v2'])
        t.strictSame(
          called(objects, { namespace, version }),
          [pods],
          `${mode} ${JSON.stringify(namespace)}`,
        )
    for (const { name, labels } of excluded)
      for (const more of [{}, csiLabel]) {
        const namespace = { name, labels: { ...labels, ...more } }
        t.strictSame(called(objects, { namespace }), [], `${mode} ${JSON.stringify(namespace)}`)
      }
  }
})

t.test('with csi.namespaces=labelled, the second entry gets the labelled namespaces', async (t) => {
  t.strictSame(called(csiLabelled, { namespace: labelled }), [csiPods])
  t.strictSame(
    called(csiLabelled, { namespace: { ...shop, labels: { 'akv-injector.io/csi': 'false' } } }),
    [pods],
  )
  for (const objects of [install, csiAll])
    t.strictSame(called(objects, { namespace: labelled }), [pods])
})

const csiVolume = (driver: string) => ({ volumes: [{ name: 'a' }, { name: 'v', csi: { driver } }] })
const agent = { initContainers: [{ name: 'first' }, { name: 'akv-injector' }] }

t.test('no other pod depends on the webhook', async (t) => {
  const annotatedPods = [
    annotated,
    pod({ 'akv-injector.io/inject': 'false' }),
    pod({ a: 'b', 'akv-injector.io/x': '' }, csiVolume('other.example')),
  ]
  const served = [
    pod(undefined, csiVolume('secrets-store.csi.k8s.io')),
    pod({ a: 'b' }, csiVolume('secrets-store.csi.k8s.io')),
    // A second time, after the first call has replaced the volume.
    pod({}, agent),
  ]
  const others = [
    pod(),
    pod({}),
    pod({ 'akv-injector.example/secrets': 'a', 'x.akv-injector.io/secrets': 'a' }),
    pod({ note: 'akv-injector.io/secrets' }),
    pod(undefined, csiVolume('other.example')),
    pod(undefined, { initContainers: [{ name: 'akv-injector-mine' }], volumes: [{ name: 'a' }] }),
  ]
  for (const object of annotatedPods)
    for (const objects of Object.values(modes)) t.strictSame(called(objects, { object }), [pods])
  for (const object of served) {
    for (const objects of [install, csiLabelled]) t.strictSame(called(objects, { object }), [])
    t.strictSame(called(csiAll, { object }), [pods])
    t.strictSame(called(csiLabelled, { object, namespace: labelled }), [csiPods])
  }
  for (const object of others)
    for (const objects of Object.values(modes))
      for (const namespace of [shop, labelled])
        t.strictSame(called(objects, { object, namespace }), [])
})

/** What each entry promises about a call. */
const promised = {
  // A pod that requests secrets doesn't start without them.
  failurePolicy: 'Fail',
  // Dry runs are answered, too.
  sideEffects: 'None',
  // Containers that webhooks after ours add are seen.
  reinvocationPolicy: 'IfNeeded',
  // An outage delays a pod by seconds.
  timeoutSeconds: 5,
  admissionReviewVersions: ['v1'],
}
const paths: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  install: { [pods]: mutatePath },
  csiLabelled: { [pods]: mutatePath, [csiPods]: csiPath },
  csiAll: { [pods]: csiPath },
}

t.test('an annotated pod starts with the webhook’s answer or not at all', async (t) => {
  for (const [mode, objects] of Object.entries(modes)) {
    const [configuration, ...others] = objects.filter(({ kind }) => /WebhookConf/.test(kind))
    t.strictSame(others, [], 'these are all webhooks')
    t.ok(
      configuration.metadata.name > 'azure-wi-webhook-mutating-webhook-configuration',
      'the API server calls webhooks in the order of these names',
    )
    const found = configuration.webhooks.map((webhook: Manifest) => {
      const { name, clientConfig, rules, matchPolicy, matchConditions, ...rest } = webhook
      const { namespaceSelector, ...answers } = rest
      t.strictSame(answers, promised, name)
      t.strictSame(coveredBy(rules), ['CREATE pods'])
      assertKnownFields(clientConfig, ['service'])
      return [name, pathTo(clientConfig.service)]
    })
    t.strictSame(Object.fromEntries(found), paths[mode], mode)
  }
})

/** Returns the path of a call that reaches the webhook's port for reviews. */
function pathTo({ name, namespace, port, path }: Manifest): string | undefined {
  const service = install.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
  const isOurs = service?.metadata.namespace === namespace
  const [{ targetPort } = {}] = service.spec.ports.filter((each: Manifest) => each.port === port)
  return isOurs && targetPort === 'https' ? path : undefined
}
