import t from 'tap'
import { describeProblem, describeProblems } from '../../../lib/problems/problem.ts'
import { parseTeamDefaults } from '../../../requests/administrator/defaults/team-defaults.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { earlierChoices } from '../../../webhook/core/model/earlier-choices.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { readPod } from '../../../webhook/core/model/pod.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { csiPod, exampleClass, lookedUp, requestOf } from './csi/example.ts'
import { patchedPod } from './patched-pod.ts'
import { policy } from './policy.ts'

const client = '11111111-2222-3333-4444-555555555555'
const tenant = '99999999-2222-3333-4444-555555555555'

function withDefaults(text: string, more: Partial<Policy> = {}): Policy {
  const parsed = parseTeamDefaults(text)
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join())
  return { ...policy, ...more, teamDefaults: parsed.value }
}

const podWith = (annotations: Readonly<Record<string, string>>, spec: object = {}) => ({
  metadata: { name: 'web-0', annotations },
  spec: { volumes: [], containers: [{ name: 'app' }], ...spec },
})
const ours = (annotations: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(annotations).map(([key, text]) => [`akv-injector.io/${key}`, text]),
  )

function inject(pod: object, by: Policy, namespace = 'shop') {
  const outcome = mutate(requestOf(pod, namespace), by)
  if (outcome.kind === 'denied') throw new Error(describeProblems(outcome.problems).join('\n'))
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  const patched = patchedPod(pod, outcome)
  const read = readPod(patched)
  if (read.kind === 'invalid') throw new Error(read.problem)
  const agent = read.value.spec.initContainers?.find(({ name }) => name === agentName)
  const config = earlierChoices(agent)
  if (config === undefined) throw new Error('no configuration')
  const warnings = outcome.warnings.map(describeProblem)
  return { patched, agent, config, warnings, defaults: outcome.defaults }
}

const shop = `shop: { vault: shop-prod, refresh: 5m, stale-after: 1h, metrics: 19980, client-id: ${client},
  tenant-id: ${tenant}, agent-requests: "cpu=20m,memory=40Mi", agent-limits: memory=80Mi }`

t.test('a pod has from its namespace what it doesn’t set itself', async (t) => {
  const { config, agent, warnings, defaults } = inject(
    podWith(ours({ secrets: 'db' })),
    withDefaults(shop, { defaultVault: 'platform', defaultTenantId: client }),
  )
  t.match(config, {
    files: [{ object: { vault: 'shop-prod', name: 'db' } }],
    refreshSeconds: 300,
    staleAfterSeconds: 3600,
    metricsPort: 19980,
  })
  t.strictSame(config.identity, { defaultClientId: client, defaultTenantId: tenant })
  t.match(agent?.resources, {
    requests: { cpu: '20m', memory: '40Mi' },
    limits: { memory: '80Mi' },
  })
  t.strictSame(warnings, [])
  t.equal(Object.keys(config.defaults ?? {}).length, 8)
  t.strictSame(defaults, config.defaults)
})

t.test('the pod’s own annotations win', async (t) => {
  const own = { vault: 'mine', refresh: '0', 'client-id': tenant, 'tenant-id': client }
  const { config, warnings } = inject(podWith(ours({ secrets: 'db', ...own })), withDefaults(shop))
  t.match(config, { files: [{ object: { vault: 'mine' } }], refreshSeconds: 0 })
  t.match(config.identity, { clientId: tenant, tenantId: client })
  t.notOk('staleAfterSeconds' in config || 'metricsPort' in config)
  t.strictSame(warnings, [], 'no warning about what the pod didn’t write')
  for (const key of Object.keys(own)) t.notOk(key in (config.defaults ?? {}), key)
})

t.test('defaults of "*" are for namespaces that aren’t listed', async (t) => {
  const by = withDefaults('"*": { vault: shared }\nshop: { refresh: 5m }', { defaultVault: 'old' })
  const vaultIn = (namespace: string) =>
    inject(podWith(ours({ secrets: 'db' })), by, namespace).config.files[0]?.object.vault
  t.equal(vaultIn('pay'), 'shared')
  t.equal(vaultIn('shop'), 'old')
})

t.test('without defaults for the namespace, nothing changes', async (t) => {
  const pod = podWith(ours({ secrets: 'team-a:db' }))
  t.strictSame(inject(pod, withDefaults(shop), 'pay'), inject(pod, policy, 'pay'))
})

t.test('defaults never make a pod injected', async (t) => {
  for (const annotations of [{}, { other: 'x' }, ours({ inject: 'false', secrets: 'db' })])
    t.match(mutate(requestOf(podWith(annotations)), withDefaults(shop)), { kind: 'skipped' })
  t.match(mutate(requestOf(podWith(ours({ refresh: '5m' }))), withDefaults(shop)), {
    kind: 'denied',
  })
})

t.test('a second review keeps what the first one used, whatever the file says then', async (t) => {
  const first = inject(podWith(ours({ secrets: 'db', env: 'A=a' })), withDefaults(shop))
  const changed = 'shop: { vault: other, refresh: 1h, agent-requests: cpu=1 }\n"*": { metrics: 0 }'
  for (const later of [withDefaults(shop), withDefaults(changed), policy])
    t.strictSame(mutate(requestOf(first.patched, 'shop'), later), {
      kind: 'skipped',
      reason: 'complete',
    })
  const without = inject(podWith(ours({ secrets: 'team-a:db' })), policy)
  t.match(mutate(requestOf(without.patched, 'shop'), withDefaults(shop)), {
    kind: 'skipped',
    reason: 'complete',
  })
})

t.test('what the administrator allows is checked on the result', async (t) => {
  const allowedVaults = new Map([['shop', new Set(['shop-test'])]])
  const by = withDefaults(shop, { allowedVaults })
  const outcome = mutate(requestOf(podWith(ours({ secrets: 'db' }))), by)
  if (outcome.kind !== 'denied') throw new Error(outcome.kind)
  t.match(describeProblems(outcome.problems).join(), /shop-prod.*does not allow namespace "shop"/)

  // Somebody who writes the stored defaults into a pod gets no further than with annotations.
  const { patched } = inject(
    podWith(ours({ secrets: 'db' })),
    withDefaults('shop: { vault: a-vault }'),
  )
  t.match(mutate(requestOf(patched), { ...policy, allowedVaults }), { kind: 'denied' })
})

t.test('a default that doesn’t fit a pod is left out, and doesn’t stop it', async (t) => {
  const hourly = inject(podWith(ours({ secrets: 'db', refresh: '2h' })), withDefaults(shop))
  t.notOk('staleAfterSeconds' in hourly.config, 'less than twice the interval')
  const taken = { containers: [{ name: 'app', ports: [{ containerPort: 19980 }] }] }
  const { config, warnings } = inject(podWith(ours({ secrets: 'db' }), taken), withDefaults(shop))
  t.notOk('metricsPort' in config)
  t.match(warnings, [/no metrics at the administrator's port 19980/])
})

t.test('a default never makes a pod refused that is right by itself', async (t) => {
  const by = withDefaults(
    'shop: { vault: kv-a, refresh: 2h, agent-requests: memory=100Mi, agent-limits: memory=120Mi }',
  )
  const with_ = (own: Readonly<Record<string, string>>) => {
    const found = inject(podWith(ours({ secrets: 'db', ...own })), by)
    const again = mutate(requestOf(found.patched, 'shop'), policy)
    t.match(again, { kind: 'skipped', reason: 'complete' }, JSON.stringify(own))
    return found
  }
  const sooner = with_({ 'stale-after': '11m' })
  t.match(sooner.config, { refreshSeconds: 330, staleAfterSeconds: 660 })
  t.equal(with_({ 'stale-after': '5h' }).config.refreshSeconds, 7200)
  const soonest = with_({ 'stale-after': '40s' })
  t.equal(soonest.config.refreshSeconds, 0, 'no interval is that short')
  t.notOk('refresh' in (soonest.config.defaults ?? {}))
  t.match(soonest.warnings, [/stale-after has no effect without/])
  t.equal(with_({ 'agent-limits': 'memory=98Mi' }).agent?.resources?.requests?.['memory'], '16Mi')
  t.equal(with_({ 'agent-requests': 'memory=150Mi' }).agent?.resources?.limits?.['memory'], '160Mi')
  const fitting = with_({ 'agent-requests': 'memory=110Mi' })
  t.equal(fitting.agent?.resources?.limits?.['memory'], '120Mi')
})

t.test(
  'a served volume has the refresh of its namespace, and the client of its class',
  async (t) => {
    const outcome = mutate(
      requestOf(csiPod()),
      withDefaults(shop, { csiRefreshSeconds: 60 }),
      lookedUp({ 'azure-kv': exampleClass() }),
    )
    if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
    const text = JSON.stringify(outcome.operations).replaceAll('\\', '')
    t.match(text, '"refreshSeconds":300')
    t.match(text, '"clientId":"22222222-2222-2222-2222-222222222222"')
  },
)
