import { join } from 'node:path'
import t, { type Test } from 'tap'
import { azureMark } from '../../../prove/azure/az-calls.ts'
import { realAzure } from '../../../prove/azure/azure-plan.ts'
import { describePlan, refusalOfRun } from '../../../prove/plan/describe-plan.ts'
import { newValues } from '../../../prove/plan/facts.ts'
import { makeAll, removeAll, survey } from '../../../prove/plan/run-plan.ts'
import { openRunState } from '../../../prove/plan/run-state.ts'
import type { Tools } from '../../../prove/tools/tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import {
  type AzureWorld,
  addStrangers,
  emptyAzureWorld,
  fakeAccount,
  newIdentity,
  newVault,
} from '../support/azure-world.ts'
import {
  emptyWorld,
  type FakeOptions,
  type FakeWorld,
  fakeTools,
  Killed,
} from '../support/fake-tools.ts'
import { ran } from '../support/ran.ts'

const azure = realAzure(fakeAccount)
const facts = {
  image: 'busybox:1.37',
  installNamespace: 'akv-injector',
  vaultName: azure.vaultName,
  values: newValues(),
}
// With all that a plan can have.
const plan = realAzure({
  ...fakeAccount,
  aks: { name: 'shop-aks', resourceGroup: 'shop' },
}).plan(facts)
const abort = new AbortController().signal
const stateIn = (t: Test) => openRunState(join(t.testdir(), 'state.json'))

function world(): AzureWorld {
  const made = emptyAzureWorld()
  addStrangers(made)
  return made
}
const toolsFor = (azure: AzureWorld, options: FakeOptions = {}, cluster = emptyWorld()) =>
  fakeTools(cluster, { azure, ...options })

/** A run without scenarios. */
async function runOnce(tools: Tools, state: ReturnType<typeof stateIn>) {
  const found = await survey(plan, tools)
  if (found.some(({ presence }) => presence === 'present')) await removeAll(plan, { tools, state })
  const clock = fakeClock({})
  const { missing } = await makeAll(plan, azure.known, { tools, state, clock, abort })
  return { missing, left: await removeAll(plan, { tools, state }) }
}

t.test('everything is made in a resource group, and Azure says which IDs it has', async (t) => {
  const subscription = world()
  const tools = toolsFor(subscription)
  const options = { tools, state: stateIn(t), clock: fakeClock({}), abort }
  const { made, missing } = await makeAll(plan, azure.known, options)
  t.equal(missing, undefined)
  t.strictSame(Object.keys(made.clientIds), ['reader', 'stranger', 'loose', 'sync'])
  t.match(made.versions, { old: /^0{31}5$/, new: /^0{31}6$/ })
  const vault = subscription.vaults.get(azure.vaultName)
  const rolesOf = (id: string | undefined) =>
    [...(vault?.assignments.values() ?? [])]
      .filter(({ principalId }) => principalId === id)
      .map(({ roleId, principalType }) => [roleId.slice(0, 8), principalType])
  t.strictSame(rolesOf(made.principalIds.reader), [
    ['4633458b', 'ServicePrincipal'],
    ['21090545', 'ServicePrincipal'],
  ])
  t.strictSame(rolesOf(made.principalIds.sync), [['4633458b', 'ServicePrincipal']])
  t.strictSame(rolesOf(made.principalIds.stranger), [])
  t.strictSame(rolesOf(made.principalIds.loose), [])
  t.strictSame(rolesOf(fakeAccount.objectId), [['00482a5a', 'ServicePrincipal']])
  const credentials = (name: string) => [
    ...(subscription.identities.get(`akv-injector-prove-${name}`)?.credentials.values() ?? []),
  ]
  t.strictSame(credentials('loose'), [])
  t.strictSame(credentials('reader'), [
    {
      issuer: fakeAccount.issuer,
      subject: 'system:serviceaccount:akv-injector-prove:reader',
      audiences: ['api://AzureADTokenExchange'],
    },
  ])
  t.match(
    subscription.bindings.get('akv-injector-prove-loose'),
    /\/resourceGroups\/Proof\/.*\/userAssignedIdentities\/akv-injector-prove-loose$/,
  )
  t.strictSame(await removeAll(plan, { tools, state: options.state }), [])
  t.strictSame(subscription, world())
})

t.test('an identity binding is made only for a cluster that is named', (t) => {
  const kinds = azure.plan(facts).map(({ kind }) => kind)
  for (const kind of ['identity-binding', 'cluster-role', 'cluster-role-binding'] as const)
    t.notOk(kinds.includes(kind), kind)
  t.equal(azure.hasBinding, false)
  t.end()
})

t.test(
  'whenever a run is killed, the next one leaves nothing, no deleted vault either',
  async (t) => {
    let kills = 0
    for (const when of ['before', 'after'] as const)
      for (let last = 1, isWhole = false; !isWhole; last++) {
        const subscription = world()
        const cluster = emptyWorld()
        let calls = 0
        const kill = () => {
          calls += 1
          if (calls === last) throw new Killed()
        }
        const killing = toolsFor(subscription, { [when]: kill }, cluster)
        isWhole = await runOnce(killing, stateIn(t)).then(
          () => true,
          (error) => {
            if (!(error instanceof Killed)) throw error
            kills += 1
            return false
          },
        )
        const end = await runOnce(toolsFor(subscription, {}, cluster), stateIn(t))
        t.match(end, { missing: undefined, left: { length: 0 } }, `${when} ${last}`)
        t.strictSame(subscription, world(), `${when} ${last}`)
        t.strictSame(cluster, emptyWorld())
      }
    t.ok(kills > 80, `${kills} kills`)
  },
)

t.test('a vault that can’t be purged is listed, and keeps its name', async (t) => {
  const subscription = { ...world(), canPurge: false }
  const tools = toolsFor(subscription)
  const end = await runOnce(tools, stateIn(t))
  t.match(end, { missing: undefined, left: [{ kind: 'deleted-vault', name: azure.vaultName }] })
  t.ok(subscription.deletedVaults.has(azure.vaultName))
  t.match(
    describePlan(await survey(plan, tools)).join('\n'),
    'An earlier run has left the deleted-vault',
  )
  const other = realAzure(fakeAccount, 'akv-prove-other')
  const otherPlan = other.plan({ ...facts, vaultName: other.vaultName })
  t.equal(refusalOfRun(await survey(otherPlan, tools)), undefined)
  subscription.canPurge = true
  t.strictSame(await removeAll(plan, { tools, state: stateIn(t) }), [])
})

t.test('a deleted vault is purged where it was, wherever the group is now', async (t) => {
  const subscription = world()
  const { key, value } = azureMark
  subscription.deletedVaults.set(azure.vaultName, newVault({ [key]: value }, 'northeurope'))
  const tools = toolsFor(subscription)
  t.strictSame(await removeAll(plan, { tools, state: stateIn(t) }), [])
  t.strictSame(subscription, world())
})

t.test('what somebody else has made is never touched', async (t) => {
  const tags = { owner: 'somebody' }
  const foreign: readonly (readonly [string, (world: AzureWorld, cluster: FakeWorld) => void])[] = [
    [
      'managed-identity',
      (it) => it.identities.set('akv-injector-prove-sync', newIdentity(tags, 7)),
    ],
    ['identity-binding', (it) => it.bindings.set('akv-injector-prove-loose', '/somebody/else')],
    ['cluster-role', (_, cluster) => (cluster.clusterrole = 'foreign')],
    ['cluster-role-binding', (_, cluster) => (cluster.clusterrolebinding = 'foreign')],
    ['vault', (it) => it.vaults.set(azure.vaultName, newVault(tags))],
    ['deleted-vault', (it) => it.deletedVaults.set(azure.vaultName, newVault(tags))],
  ]
  for (const [kind, add] of foreign) {
    const [subscription, before] = [world(), world()]
    const [cluster, clusterBefore] = [emptyWorld(), emptyWorld()]
    add(subscription, cluster)
    add(before, clusterBefore)
    const tools = toolsFor(subscription, {}, cluster)
    t.match(refusalOfRun(await survey(plan, tools)), `the ${kind} `)
    t.strictSame(await removeAll(plan, { tools, state: stateIn(t) }), [])
    t.strictSame(subscription, before)
    t.strictSame(cluster, clusterBefore)
  }
})

t.test(
  'a binding is ours in whatever letters AKS writes its ID, and a tag only as we write it',
  async (t) => {
    const [subscription, cluster] = [world(), emptyWorld()]
    const tools = toolsFor(subscription, {}, cluster)
    const options = { tools, state: stateIn(t), clock: fakeClock({}), abort }
    await makeAll(plan, azure.known, options)
    const id = subscription.bindings.get('akv-injector-prove-loose') ?? ''
    subscription.bindings.set('akv-injector-prove-loose', id.toUpperCase())
    t.equal(refusalOfRun(await survey(plan, tools)), undefined)
    t.strictSame(await removeAll(plan, options), [])
    t.strictSame(subscription, world())
    subscription.vaults.set(azure.vaultName, newVault({ 'made-by': 'Akv-Injector-Prove' }))
    t.match(refusalOfRun(await survey(plan, tools)), 'the vault ')
  },
)

t.test('what az can’t list is unknown, not absent', async (t) => {
  for (const output of [ran('', 1), ran(''), ran('{"value":[]}'), ran('null')]) {
    const tools: Tools = { ...toolsFor(world()), run: async () => output }
    t.match(refusalOfRun(await survey(plan, tools)), /^az can’t say whether the managed-identity/)
    t.ok((await removeAll(plan, { tools, state: stateIn(t) })).length > 5)
  }
})

t.test('a new role is waited for, and wrong arguments aren’t', async (t) => {
  const isSecret = (args: readonly string[]) => args[1] === 'secret'
  const failing = (times: number, code: number) => {
    let left = times
    const tools = toolsFor(world())
    const run: Tools['run'] = async (call) =>
      isSecret(call.args) && left-- > 0 ? ran('', code, 'ForbiddenByRbac') : await tools.run(call)
    return { ...tools, run }
  }
  const make = async (tools: Tools) => {
    const clock = fakeClock({})
    const end = await makeAll(plan, azure.known, { tools, state: stateIn(t), clock, abort })
    return { kind: end.missing?.kind, waits: clock.waits.length }
  }
  t.strictSame(await make(failing(3, 1)), { kind: undefined, waits: 3 })
  t.strictSame(await make(failing(10_000, 1)), { kind: 'vault', waits: 90 })
  t.strictSame(await make(failing(1, 2)), { kind: 'vault', waits: 0 })
})

t.test('an answer without the IDs is a failure', async (t) => {
  for (const stdout of ['', '{}', '{"clientId":7,"principalId":"x"}', '[]']) {
    const tools = toolsFor(world())
    const run: Tools['run'] = async (call) =>
      call.args[1] === 'create' ? ran(stdout) : await tools.run(call)
    const options = { tools: { ...tools, run }, state: stateIn(t), clock: fakeClock({}), abort }
    t.match(await makeAll(plan, azure.known, options), { missing: { kind: 'managed-identity' } })
  }
})

t.test('scenarios change the vault by commands that az has', async (t) => {
  const subscription = world()
  const tools = toolsFor(subscription)
  await makeAll(plan, azure.known, { tools, state: stateIn(t), clock: fakeClock({}), abort })
  for (const change of [
    { kind: 'new-version', name: 'rotated', value: 'x' },
    { kind: 'enable', name: 'disabled' },
    { kind: 'delete', name: 'deleted' },
    { kind: 'network', by: 'firewall', isOpen: false },
    { kind: 'network', by: 'public-access', isOpen: true },
    { kind: 'delete-vault' },
  ] as const)
    t.match(await tools.run(azure.callOf(change) as never), { code: 0 }, change.kind)
  // The removal goes on from there.
  t.ok(subscription.deletedVaults.has(azure.vaultName))
  t.strictSame(await removeAll(plan, { tools, state: stateIn(t) }), [])
  t.strictSame(subscription, world())
})

t.test('names never change, and a resource group has its own', (t) => {
  t.match(azure.vaultName, /^akv-prove-[0-9a-f]{12}$/)
  const named = (resourceGroup: string) => realAzure({ ...fakeAccount, resourceGroup }).vaultName
  t.equal(named('PROOF'), azure.vaultName)
  t.not(named('other'), azure.vaultName)
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/
  const ids = plan
    .flatMap(({ make }) => make)
    .map(({ call }) => (typeof call === 'function' ? call(azure.known) : call))
    .flatMap((call) =>
      'tool' in call && call.args[0] === 'role' ? [call.args[call.args.indexOf('--name') + 1]] : [],
    )
  t.equal(ids.length, 4)
  for (const id of ids) t.match(id, uuid)
  t.end()
})
