import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { lint, render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'
import { documentedValues } from './values/documented-values.ts'
import { effects } from './values/effects.ts'
import { testedElsewhere } from './values/tested-elsewhere.ts'
import { valuesPage, valuesPageFile } from './values/values-page.ts'

/** What users of other charts expect of this one. */
const skip = withoutHelm
const withSync = { sync: { enabled: true } }
const everything = [
  {
    sync: { ...withSync.sync, classes: true },
    csi: { namespaces: 'labelled' },
    metrics: {
      podMonitor: { enabled: true },
      serviceMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    },
  },
  { certs: { mode: 'cert-manager' } },
]

t.test('the chart’s README is generated from values.yaml', async (t) => {
  t.equal(
    readFileSync(valuesPageFile, 'utf8'),
    valuesPage(),
    'node test/manifests/values/values-page.ts',
  )
})

t.test('the links of the README work in a packaged chart', async (t) => {
  for (const [, target = ''] of valuesPage().matchAll(/\]\(([^)\s]+)\)/g)) {
    t.notMatch(target, '..', 'an archive contains only the folder of the chart')
    t.ok(existsSync(join(dirname(valuesPageFile), target)), target)
  }
})

t.test('helm lint has nothing to warn about', { skip }, async (t) => {
  t.equal(lint(), '')
})

t.test('each value changes what it says', { skip }, async (t) => {
  const values: Record<string, Manifest> = structuredClone(withSync)
  for (const { path, value } of effects) setAt(values, path.split('.'), value)
  const [before, after] = [withSync, values].map((values) => {
    const { ok, text, problem } = render({ values })
    t.ok(ok, problem)
    return readRendered(text)
  })
  if (!before || !after) return
  const known = documentedValues.map(({ path }) => path)
  for (const { path, of, shows } of effects) {
    t.ok(known.includes(path), `${path} is a value`)
    t.match(of(after.find), shows, path)
    t.notMatch(of(before.find) ?? {}, shows, `${path} has another default`)
  }
})

t.test('each value is tested', async (t) => {
  const tested = new Set(effects.map(({ path }) => path))
  const others = documentedValues.map(({ path }) => path).filter((path) => !tested.has(path))
  t.strictSame(others, testedElsewhere)
})

function setAt(
  target: Record<string, Manifest>,
  [key = '', ...rest]: readonly string[],
  value: unknown,
) {
  if (rest.length === 0) target[key] = value
  else {
    target[key] ??= {}
    setAt(target[key], rest, value)
  }
}

const ownLabels = {
  'app.kubernetes.io/name': 'akv-injector',
  'app.kubernetes.io/instance': 'akv-injector',
  'app.kubernetes.io/version': String,
  'app.kubernetes.io/managed-by': 'Helm',
  'helm.sh/chart': /^akv-injector-\d/,
}

t.test('a policy that requires labels and annotations admits every object', { skip }, async (t) => {
  for (const values of everything) {
    const { objects } = readRendered(
      render({
        values: { ...values, commonLabels: { team: 'a' }, commonAnnotations: { owner: 'b' } },
        withTests: true,
      }).text,
    )
    t.ok(objects.length > 20)
    for (const { kind, metadata, spec } of objects)
      for (const { labels, annotations } of [metadata, spec?.template?.metadata ?? metadata]) {
        t.match(labels, { ...ownLabels, team: 'a' }, `${kind} ${metadata.name}`)
        if (kind !== 'Namespace') t.ok(labels['app.kubernetes.io/component'], kind)
        t.match(annotations, { owner: 'b' }, `${kind} ${metadata.name}`)
      }
  }
})

t.test('the chart’s own annotations win', { skip }, async (t) => {
  const mine = { 'cert-manager.io/inject-ca-from': 'mine', 'helm.sh/hook-weight': '7' }
  const values = { certs: { mode: 'cert-manager' }, commonAnnotations: mine }
  const { find } = readRendered(render({ values, withTests: true }).text)
  const { annotations } = find('MutatingWebhookConfiguration').metadata
  t.equal(annotations['cert-manager.io/inject-ca-from'], 'akv-injector/akv-injector-webhook')
  t.equal(find('Pod').metadata.annotations['helm.sh/hook-weight'], '0')
})

t.test('the affinity of a component replaces the common one', { skip }, async (t) => {
  const [common, own] = ['common', 'own'].map((name) => ({ nodeAffinity: { [name]: true } }))
  const { find } = readRendered(
    render({ values: { affinity: common, webhook: { affinity: own } } }).text,
  )
  const affinityOf = (name: string) => find('Deployment', name).spec.template.spec.affinity
  t.strictSame(affinityOf('akv-injector-webhook'), own)
  t.strictSame(affinityOf('akv-injector-certs'), common)
})

t.test('no label that can change is in a selector', { skip }, async (t) => {
  const values = { ...withSync, commonLabels: { team: 'a' }, webhook: { podLabels: { tier: 'b' } } }
  const { objects } = readRendered(render({ values }).text)
  const deployments = objects.filter(({ kind }) => kind === 'Deployment')
  t.equal(deployments.length, 3)
  for (const { spec } of deployments)
    t.strictSame(Object.keys(spec.selector.matchLabels).sort(), [
      'app.kubernetes.io/component',
      'app.kubernetes.io/name',
    ])
})

t.test('one replica, as on a test cluster, doesn’t block drains', { skip }, async (t) => {
  const { ok, text } = render({ values: { webhook: { replicas: 1 } } })
  t.ok(ok)
  t.notOk(readRendered(text).find('PodDisruptionBudget'))
})

t.test('the budget can be changed, but can’t block every drain', { skip }, async (t) => {
  const budgetOf = (podDisruptionBudget: object) =>
    render({ values: { webhook: { podDisruptionBudget, replicas: 3 } } })
  const specOf = (budget: object) =>
    readRendered(budgetOf(budget).text).find('PodDisruptionBudget')?.spec
  t.match(specOf({ minAvailable: 2 }), { minAvailable: 2 })
  t.match(specOf({ minAvailable: '50%' }), { minAvailable: '50%' })
  t.notOk('minAvailable' in specOf({ maxUnavailable: 1 }))
  t.equal(specOf({ enabled: false }), undefined)
  t.match(
    budgetOf({ minAvailable: 3 }).problem,
    'webhook.podDisruptionBudget.minAvailable is 3, but webhook.replicas is 3',
  )
})

t.test('replicas in the network of their nodes can be replaced', { skip }, async (t) => {
  const { find } = readRendered(render({ values: { webhook: { hostNetwork: true } } }).text)
  const { spec } = find('Deployment', 'akv-injector-webhook')
  t.equal(spec.strategy.rollingUpdate.maxUnavailable, 1)
  t.equal(spec.template.spec.dnsPolicy, 'ClusterFirstWithHostNet')
  t.notOk(find('Deployment', 'akv-injector-certs').spec.template.spec.hostNetwork)
  t.match(find('Namespace').metadata.labels, {
    'pod-security.kubernetes.io/enforce': 'privileged',
  })
})

t.test('every object is in the chosen namespace, which must exist', { skip }, async (t) => {
  for (const values of everything) {
    const { objects, find } = readRendered(
      render({ values: { ...values, namespaceOverride: 'keyvault' }, withTests: true }).text,
    )
    t.notOk(find('Namespace'))
    t.notMatch(JSON.stringify(objects), /akv-injector\.svc|"namespace":"(?!keyvault|shop)/)
    t.notMatch(JSON.stringify(objects), 'system:serviceaccount:akv-injector:')
  }
  t.match(render({ values: { namespaceOverride: 'default' } }).problem, 'Name another namespace')
})

t.test('the names of objects stay the same with nameOverride', { skip }, async (t) => {
  const namesOf = (nameOverride: string) =>
    readRendered(render({ values: { ...withSync, nameOverride } }).text).objects.map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    )
  t.strictSame(namesOf('secrets'), namesOf(''))
})

t.test('the two ports of the webhook differ', { skip }, async (t) => {
  t.match(
    render({ values: { webhook: { securePort: 8080 } } }).problem,
    'webhook.securePort and webhook.healthPort are both 8080',
  )
})

t.test('sync.env and extraEnv replace the proxy of all components', { skip }, async (t) => {
  const proxy = { httpsProxy: 'http://all.example', noProxy: '.all' }
  const sync = { ...withSync.sync, env: { NO_PROXY: '.old' } }
  const { find } = readRendered(
    render({
      values: {
        proxy,
        sync: { ...sync, extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://own.example' }] },
      },
    }).text,
  )
  const { env } = find('Deployment', 'akv-injector-sync').spec.template.spec.containers[0]
  const proxies = env.filter(({ name }: { name: string }) => name.endsWith('_PROXY'))
  t.strictSame(proxies, [
    { name: 'NO_PROXY', value: '.old' },
    { name: 'HTTPS_PROXY', value: 'http://own.example' },
  ])
})

t.test('values of an older chart, without the new ones, are accepted', { skip }, async (t) => {
  const absent = (...names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, null]))
  const ofComponent = [
    ...['extraEnv', 'deploymentAnnotations', 'podLabels', 'serviceAccount', 'livenessProbe'],
    ...['readinessProbe', 'dnsPolicy', 'nodeSelector', 'tolerations', 'affinity'],
  ]
  const values = {
    ...absent('namespaceOverride', 'nameOverride', 'commonLabels', 'commonAnnotations', 'proxy'),
    ...absent('metrics'),
    ...absent('imagePullSecrets', 'extraObjects'),
    image: absent('registry'),
    webhook: {
      ...absent(...ofComponent, 'namespaceSelector', 'objectSelector', 'service'),
      ...absent('topologySpreadConstraints', 'podDisruptionBudget', 'hostNetwork'),
      ...absent('mutatingWebhookConfigurationAnnotations', 'securePort', 'healthPort'),
    },
    certs: { controller: absent(...ofComponent) },
    sync: { ...withSync.sync, ...absent(...ofComponent) },
  }
  const { ok, problem, text } = render({ values })
  t.ok(ok, problem)
  t.equal(readRendered(text).find('PodDisruptionBudget').spec.minAvailable, 1)
})
