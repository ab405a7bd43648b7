import t from 'tap'
import type { ClusterFacts } from '../../../../operate/doctor/model/cluster-facts.ts'
import { readInstalled } from '../../../../operate/doctor/model/installed.ts'
import type { Manifest } from '../../../manifests/rendered.ts'
import {
  findings,
  healthyFacts,
  installed,
  namespaces,
  results,
} from '../harness/healthy-cluster.ts'

const healthy = healthyFacts()
const [ours] = healthy.mutatingConfigurations as readonly Manifest[]
const [service] = healthy.services as readonly Manifest[]

const withEntry = (changed: object): Partial<ClusterFacts> => ({
  mutatingConfigurations: [
    { ...ours, webhooks: ours.webhooks.map((entry: object) => ({ ...entry, ...changed })) },
  ],
})
const withService = (changed: object): Partial<ClusterFacts> => ({
  services: [{ ...service, spec: { ...service.spec, ...changed } }],
})
const hintsOf = (changed: Partial<ClusterFacts>): readonly string[] =>
  results(changed).flatMap(({ mark, hint = '' }) => (mark === 'ok' ? [] : [hint]))
/** The patch in a command for `kubectl patch`. */
const patchIn = (hint: string | undefined): readonly Manifest[] =>
  JSON.parse(/--patch '(.*)'/.exec(hint ?? '')?.[1]?.replaceAll("'\\''", "'") ?? '')

const [entry] = ours.webhooks
const { matchExpressions } = entry.namespaceSelector
const narrowed = { matchExpressions, matchLabels: { team: 'a' } }
const annotations = { 'akv-injector.io/secrets': 'team-a:db' }
const workload = (namespace: string, labels = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: { template: { metadata: { annotations, labels }, spec: { containers: [] } } },
})

t.test('a label with an empty value narrows a selector, too', (t) => {
  const found = findings(withEntry({ objectSelector: { matchLabels: { team: '' } } }))
  t.match(found, [/somebody changed objectSelector .*added matchLabels: team: /])
  t.match(findings(withEntry({ rules: [{ ...entry.rules[0], apiGroups: ['apps'] }] })), [
    /removed \{"apiGroups":\[""\]/,
  ])
  t.end()
})

t.test('what the API server adds is no difference', (t) => {
  const rules = [{ ...entry.rules[0], scope: 'Namespaced', operations: ['CREATE'] }]
  const same = {
    ...withEntry({
      rules,
      objectSelector: {},
      namespaceSelector: { matchExpressions: [...matchExpressions].reverse() },
    }),
    ...withService({
      type: 'ClusterIP',
      clusterIP: '10.0.0.1',
      ports: [{ ...service.spec.ports[0], protocol: 'TCP', nodePort: 30000 }],
    }),
    policies: (healthy.policies as readonly Manifest[]).map((policy) => ({
      ...policy,
      metadata: { ...policy.metadata, generation: 1 },
      spec: {
        ...policy.spec,
        matchConstraints: {
          ...policy.spec.matchConstraints,
          namespaceSelector: {},
          objectSelector: {},
          resourceRules: policy.spec.matchConstraints.resourceRules.map((rule: object) => ({
            scope: '*',
            ...rule,
          })),
        },
      },
      status: {},
    })),
  }
  t.strictSame(findings(same), [])
  t.end()
})

t.test('each changed field is named, with the patch that puts it back', (t) => {
  const cases: Readonly<Record<string, readonly [object, RegExp]>> = {
    failurePolicy: [
      { failurePolicy: 'Ignore' },
      /^warning: somebody changed failurePolicy of pods\.akv-injector\.io \(Ignore instead of Fail\): while the webhook doesn’t answer/,
    ],
    timeoutSeconds: [
      { timeoutSeconds: 30 },
      /^warning: somebody changed timeoutSeconds .*\(30 instead of \d+\)/,
    ],
    reinvocationPolicy: [{ reinvocationPolicy: 'Never' }, /^warning: .*\(Never instead of If/],
    namespaceSelector: [
      { namespaceSelector: narrowed },
      /^warning: somebody changed namespaceSelector of pods\.akv-injector\.io \(added matchLabels: team: a\): /,
    ],
    objectSelector: [
      { objectSelector: { matchLabels: { a: 'b' } } },
      /^warning: .*\(added matchLabels: a: b\)/,
    ],
    rules: [
      { rules: [{ ...entry.rules[0], resources: ['pods', 'services'] }] },
      /^warning: .* rules of .*services.*; removed/,
    ],
    matchConditions: [
      { matchConditions: [] },
      /^warning: .* matchConditions .*\(removed \{"expression"/,
    ],
    service: [
      { clientConfig: { url: 'https://example.com/', caBundle: entry.clientConfig.caBundle } },
      /^failure: .* service .*: the API server doesn’t call the webhook of this install$/,
    ],
  }
  for (const [field, [changed, sentence]] of Object.entries(cases)) {
    const found = findings(withEntry(changed)).filter((line) => line.includes('somebody'))
    t.match(found, [sentence], field)
    t.equal(found.length, 1, field)
    const [hint] = hintsOf(withEntry(changed))
    t.match(hint, /^kubectl patch mutatingwebhookconfiguration zz-akv-injector --type json /, field)
    const patch = patchIn(hint)
    t.strictSame(patch[0], { op: 'test', path: '/webhooks/0/name', value: entry.name })
    const { op, path, value } = patch.at(-1)
    const wanted = field === 'service' ? entry.clientConfig.service : entry[field]
    t.match(path, new RegExp(`^/webhooks/0/.*${field}$`))
    t.strictSame({ op, value }, { op: wanted === undefined ? 'remove' : 'add', value: wanted })
  }
  const [hint] = hintsOf(withEntry({ clientConfig: { url: 'https://example.com/' } }))
  t.match(patchIn(hint)[1], { op: 'remove', path: '/webhooks/0/clientConfig/url' })
  t.end()
})

t.test('a field of the Service', (t) => {
  t.match(findings(withService({ selector: { ...service.spec.selector, a: 'b' } })), [
    'failure: somebody changed selector of Service akv-injector/akv-injector-webhook (added a: b): new connections of the API server don’t reach the webhook',
  ])
  const [hint] = hintsOf(withService({ ports: [{ ...service.spec.ports[0], port: 444 }] }))
  t.match(hint, /^kubectl patch service akv-injector-webhook --namespace akv-injector /)
  t.strictSame(patchIn(hint), [{ op: 'add', path: '/spec/ports', value: service.spec.ports }])
  t.end()
})

t.test('policies', (t) => {
  const { policies = [], policyBindings = [] } = healthy
  const changed = (policies as readonly Manifest[]).map((policy) => ({
    ...policy,
    spec: { ...policy.spec, validations: [{ expression: 'true' }] },
  }))
  const found = findings({ policies: changed })
  t.equal(found.length, policies.length)
  t.match(found[0], /^warning: somebody changed validations of ValidatingAdmissionPolicy akv-/)
  t.match(hintsOf({ policies: changed })[0], / \| kubectl replace --filename -$/)
  const audited = (policyBindings as readonly Manifest[]).map((one) => ({
    ...one,
    spec: { ...one.spec, validationActions: ['Audit'] },
  }))
  t.match(
    findings({ policyBindings: audited })[0],
    /validationActions .* \(added Audit; removed De/,
  )
  const gone = { policies: policies.slice(1), policyBindings: policyBindings.slice(1) }
  t.match(findings(gone), [
    'warning: somebody deleted ValidatingAdmissionPolicy akv-injector-certs, so it protects nothing',
    'warning: somebody deleted ValidatingAdmissionPolicyBinding akv-injector-certs, so it protects nothing',
  ])
  t.match(
    hintsOf(gone)[0],
    `kubectl get configmap akv-injector-installed --namespace akv-injector --output 'go-template={{index .data "ValidatingAdmissionPolicy.akv-injector-certs.json"}}' | kubectl create --filename -`,
  )
  t.end()
})

t.test('an entry that somebody removed or added', (t) => {
  const other = { ...entry, name: 'old-pods.akv-injector.io' }
  const added = { mutatingConfigurations: [{ ...ours, webhooks: [entry, other] }] }
  t.match(findings(added), [
    /^warning: somebody added the entry old-pods\.akv-injector\.io of MutatingWebhookConfiguration zz-/,
  ])
  t.match(patchIn(hintsOf(added)[0]), [{ op: 'test' }, { op: 'remove', path: '/webhooks/1' }])
  const removed = { mutatingConfigurations: [{ ...ours, webhooks: [other] }] }
  t.match([...findings(removed)].sort(), [
    /somebody added the entry old/,
    /somebody removed the entry p/,
  ])
  const hint = hintsOf(removed).find((one) => one.includes('/webhooks/-'))
  t.match(patchIn(hint), [{ op: 'add', path: '/webhooks/-', value: { name: entry.name } }])
  t.end()
})

t.test('a narrowed selector is the only finding, not what follows from it', (t) => {
  const teams = Array.from({ length: 30 }, (_, i) => ({ metadata: { name: `team-${i}` } }))
  const workloads = teams.map(({ metadata }) => workload(metadata.name))
  const pod = {
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'team-0', annotations },
    spec: { initContainers: [] },
  }
  const facts = {
    namespaces: [...namespaces, ...teams],
    otherWorkloads: workloads,
    pods: [pod],
    dryRun: { kind: 'left-alone' } as const,
  }
  t.match(findings({ ...facts, ...withEntry({ namespaceSelector: narrowed }) }), [
    'failure: somebody changed namespaceSelector of pods.akv-injector.io (added matchLabels: team: a), so the pods of 30 workloads start without their secrets: Deployment team-0/web, Deployment team-1/web, Deployment team-2/web, Deployment team-3/web, Deployment team-4/web, 25 more',
  ])
  const bare = { ...facts, otherWorkloads: [] }
  t.match(findings({ ...bare, ...withEntry({ namespaceSelector: narrowed }) }), [
    /\), so these pods start without their secrets: Pod team-0\/web-1$/,
  ])
  t.match(findings({ ...facts, ...withEntry({ objectSelector: { matchLabels: { a: 'b' } } }) }), [
    /^failure: somebody changed objectSelector .* so the pods of 30 workloads start/,
  ])
  const excluded = { ...facts, otherWorkloads: [...workloads, workload('kube-system')] }
  t.match(findings({ ...excluded, ...withEntry({ namespaceSelector: narrowed }) }), [
    /^failure: somebody changed namespaceSelector .* 30 workloads/,
    /^failure: the webhook leaves namespace kube-system alone/,
  ])
  const several = withEntry({ namespaceSelector: narrowed, matchConditions: [] })
  t.match(findings({ ...facts, ...several }), [
    /^failure: somebody changed namespaceSelector .* 30 workloads/,
    /^warning: somebody changed matchConditions/,
  ])
  const dryRun = { kind: 'created', namespace: 'default', pod: {} } as const
  t.match(findings({ dryRun, ...withEntry({ matchConditions: [] }) }), [
    /^failure: somebody changed matchConditions .*, so annotated pods start without their secrets$/,
  ])
  t.end()
})

t.test('an install that doesn’t say what it has set', (t) => {
  t.match(findings({ installed: [] }), [
    'unknown: whether somebody changed what was installed: namespace akv-injector has no ConfigMap akv-injector-installed',
  ])
  t.end()
})

t.test('a command that would be cut off', (t) => {
  const changed = (healthy.installed ?? []).map((one) => {
    const object = structuredClone(one.object) as Manifest
    if (one.kind === 'MutatingWebhookConfiguration')
      object.webhooks[0].namespaceSelector.matchExpressions[0].values = Array.from(
        { length: 300 },
        (_, i) => `namespace-${i}`,
      )
    return { ...one, object }
  })
  t.match(hintsOf({ installed: changed }), [
    /^kubectl edit mutatingwebhookconfiguration zz-akv-injector, by what kubectl get configmap /,
  ])
  t.end()
})

t.test('a ConfigMap of somebody else names no other objects', (t) => {
  const [configMap] = installed().filter(({ kind }) => kind === 'ConfigMap')
  const of = (key: string, object: unknown) =>
    readInstalled({ ...configMap, data: { [key]: JSON.stringify(object) } })
  const named = (kind: string, name: string, namespace?: string) => ({
    kind,
    metadata: { name, ...(namespace && { namespace }) },
  })
  t.equal(readInstalled(configMap).length, healthy.installed?.length)
  t.ok(readInstalled(configMap).length > 10)
  for (const [kind, name, namespace] of [
    ['Service', 'akv-injector-webhook', 'kube-system'],
    ['Service', 'kubernetes', 'akv-injector'],
    ['MutatingWebhookConfiguration', 'other'],
    ['ValidatingAdmissionPolicy', 'other'],
    ['ClusterRole', 'akv-injector-sync'],
  ] as const)
    t.strictSame(of(`${kind}.${name}.json`, named(kind, name, namespace)), [], `${kind} ${name}`)
  const policy = named('ValidatingAdmissionPolicy', 'akv-injector-x')
  t.equal(of('ValidatingAdmissionPolicy.akv-injector-x.json', policy).length, 1)
  t.strictSame(of('other.json', policy), [])
  for (const text of ['', '{', '[]', 'null', '['.repeat(100_000)])
    t.strictSame(readInstalled({ ...configMap, data: { a: text } }), [])
  t.strictSame(readInstalled({ data: [1, null] }), [])
  t.end()
})
