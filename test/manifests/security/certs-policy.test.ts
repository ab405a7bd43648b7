import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import type { Manifest } from '../rendered.ts'
import { isRefused } from './admission.ts'
import { readRendering } from './renderings.ts'

/** The certificate controller can change caBundle of our webhook configuration, and nothing else of any. */
const certs = 'system:serviceaccount:akv-injector:akv-injector-certs'
const install = readRendering('install')
const before = readRendering('csiLabelled').find(
  ({ kind }) => kind === 'MutatingWebhookConfiguration',
)
const [first, second]: readonly Manifest[] = before.webhooks
const withWebhooks = (...webhooks: readonly Manifest[]) => ({ ...before, webhooks })
/** An object as the API server gets it: without fields that are undefined. */
const stored = (object: Manifest): Manifest => JSON.parse(JSON.stringify(object))
const withBundle = (webhook: Manifest) => ({
  ...webhook,
  clientConfig: { ...webhook.clientConfig, caBundle: 'eA==' },
})

interface Change {
  readonly operation?: string
  readonly after?: Manifest
  readonly user?: string
}
const isAllowed = ({ operation = 'UPDATE', after, user = certs }: Change) =>
  !isRefused(install, {
    user,
    operation,
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    oldObject: operation === 'CREATE' ? undefined : before,
    object: after,
  })

t.test('the controller sets caBundle of each entry', async (t) => {
  t.ok(isAllowed({ after: withWebhooks(withBundle(first), withBundle(second)) }))
  t.ok(isAllowed({ after: withWebhooks(withBundle(first), second) }))
  t.ok(isAllowed({ after: withWebhooks(first, withBundle(second)) }))
  const metadata = { ...before.metadata, generation: 2, resourceVersion: '2' }
  t.ok(isAllowed({ after: { ...before, metadata } }), 'the API server sets other metadata itself')
})

/** Every field of an entry, with a value that the chart doesn't give it. */
const fields: Readonly<Record<string, unknown>> = {
  name: 'other.akv-injector.io',
  rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
  failurePolicy: 'Ignore',
  matchPolicy: 'Exact',
  namespaceSelector: { matchLabels: { a: 'b' } },
  objectSelector: { matchLabels: { a: 'b' } },
  sideEffects: 'NoneOnDryRun',
  timeoutSeconds: 30,
  admissionReviewVersions: ['v1beta1'],
  reinvocationPolicy: 'Never',
  matchConditions: [{ name: 'never', expression: 'false' }],
}
/** Where the API server sends pods. */
const destinations: readonly object[] = [
  { url: 'https://evil.example/mutate' },
  { service: undefined, url: 'https://evil.example/mutate' },
  ...[{ name: 'evil' }, { namespace: 'evil' }, { path: '/evil' }, { port: 8443 }].map((part) => ({
    service: { ...first.clientConfig.service, ...part },
  })),
]

t.test('it changes no other field of an entry, not even together with caBundle', async (t) => {
  for (const field of Object.keys(first)) t.ok(field in fields || field === 'clientConfig', field)
  const changed = [
    ...Object.entries(fields).map(([field, value]) => ({ ...first, [field]: value })),
    ...Object.keys(fields).map((field) => ({ ...first, [field]: undefined })),
    ...destinations.map((part) => ({
      ...first,
      clientConfig: { ...first.clientConfig, ...part },
    })),
  ].map(stored)
  const changes = changed.filter((entry) => !isDeepStrictEqual(entry, first))
  t.ok(changes.length > 25)
  for (const entry of changes)
    for (const after of [withWebhooks(entry, second), withWebhooks(withBundle(entry), second)])
      t.notOk(isAllowed({ after }), JSON.stringify(entry))
})

t.test('it changes no entry into another, and neither adds nor removes one', async (t) => {
  const lists: readonly (readonly Manifest[])[] = [
    [],
    [first],
    [second, first],
    [first, second, { ...second, name: 'evil.example' }],
    [{ ...second, name: first.name }, second],
    [first, { ...first, name: second.name }],
    [first, first],
  ]
  for (const list of lists) t.notOk(isAllowed({ after: withWebhooks(...list) }))
  const { webhooks, ...none } = before
  t.notOk(isAllowed({ after: none }))
  t.notOk(isAllowed({ operation: 'CREATE', after: before }))
  t.notOk(isAllowed({ operation: 'DELETE' }))
})

t.test('it changes no metadata', async (t) => {
  const changes: readonly object[] = [
    { labels: { a: 'b' } },
    { labels: undefined },
    { annotations: { a: 'b' } },
    { ownerReferences: [{ name: 'x' }] },
    { finalizers: ['example.com/x'] },
  ]
  for (const change of changes) {
    const after = stored({ ...before, metadata: { ...before.metadata, ...change } })
    t.notOk(isAllowed({ after }), JSON.stringify(change))
    t.ok(isAllowed({ after, user: 'kubernetes-admin' }), 'administrators can')
  }
  t.ok(isAllowed({ operation: 'DELETE', user: 'system:serviceaccount:team-a:akv-injector-certs' }))
})
