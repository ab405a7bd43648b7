import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type JsonObject, objectAt } from '../../../lib/shape.ts'
import { moduleKinds } from '../../../prove/azure/account.ts'
import { realAzure } from '../../../prove/azure/azure-plan.ts'
import { describePlan, refusalOfRun } from '../../../prove/plan/describe-plan.ts'
import { makeAll, removeAll, survey } from '../../../prove/plan/run-plan.ts'
import { openRunState } from '../../../prove/plan/run-state.ts'
import type { ToolCall, Tools } from '../../../prove/tools/tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { addStrangers, emptyAzureWorld, fakeAccount } from '../support/azure-world.ts'
import { emptyWorld, type FakeOptions, fakeTools, Killed } from '../support/fake-tools.ts'
import { proofFacts } from '../support/proof-facts.ts'

const account = { ...fakeAccount, aks: { name: 'shop-aks', resourceGroup: 'shop' } }
const planOf = (more: object) => {
  const azure = realAzure({ ...account, ...more })
  return azure.plan({ ...proofFacts, vaultName: azure.vaultName })
}
const byCommands = planOf({})
const { vaultName, known } = realAzure(account)

function world() {
  const made = emptyAzureWorld()
  addStrangers(made)
  return made
}
const optionsFor = (t: Test, tools: Tools) => ({
  ...{ tools, state: openRunState(join(t.testdir(), 'state.json')), clock: fakeClock({}) },
  abort: new AbortController().signal,
})

/** What a plan makes, without what Azure or a module chooses. */
async function effectsOf(t: Test, plan: typeof byCommands) {
  const subscription = world()
  const options = optionsFor(t, fakeTools(emptyWorld(), { azure: subscription }))
  const { made, missing } = await makeAll(plan, known, options)
  t.equal(missing, undefined)
  const { identities, vaults, bindings } = subscription
  const roles = [...(vaults.get(vaultName)?.assignments.values() ?? [])]
  const effects = {
    identities: [...identities].map(([name, { tags, credentials, clientId, principalId }]) => ({
      ...{ name, tags, credentials: [...credentials.values()] },
      isKnown: Object.values(made.clientIds).includes(clientId),
      roles: roles.filter((role) => role.principalId === principalId).map(({ roleId }) => roleId),
    })),
    mine: roles.filter(({ principalId }) => principalId === account.objectId).length,
    bindings: [...bindings],
  }
  t.strictSame(await removeAll(plan, options), [])
  t.strictSame(subscription, world())
  return effects
}

for (const modules of moduleKinds) {
  const plan = planOf({ modules })

  t.test(`${modules}: makes what the commands make, and all is removed`, async (t) => {
    const effects = await effectsOf(t, plan)
    t.strictSame(effects, await effectsOf(t, byCommands))
    t.equal(effects.identities.filter(({ isKnown }) => isKnown).length, 4)
  })

  t.test(`${modules}: whenever a run is killed, the next one leaves nothing`, async (t) => {
    let kills = 0
    for (const next of [plan, planOf({ modules: 'bicep' })])
      for (let last = 1, isWhole = false; !isWhole; last++) {
        const [azure, cluster] = [world(), emptyWorld()]
        let calls = 0
        const after = () => {
          calls += 1
          if (calls === last) throw new Killed()
        }
        const toolsFor = (options: FakeOptions = {}) => fakeTools(cluster, { azure, ...options })
        isWhole = await makeAll(plan, known, optionsFor(t, toolsFor({ after }))).then(
          () => true,
          (error) => {
            if (!(error instanceof Killed)) throw error
            kills += 1
            return false
          },
        )
        // As a next run does before it makes anything, or --clean.
        t.strictSame(await removeAll(next, optionsFor(t, toolsFor())), [], `${last}`)
        t.strictSame(azure, world(), `${last}`)
        t.strictSame(cluster, emptyWorld())
      }
    t.ok(kills > 60, `${kills} kills`)
  })

  t.test(`${modules}: what a module doesn’t make fails the run`, async (t) => {
    const subscription = world()
    const tools = fakeTools(emptyWorld(), { azure: subscription })
    const run: Tools['run'] = (call) =>
      tools.run(
        call.tool === 'az' && call.args[0] === 'deployment'
          ? { ...call, args: call.args.filter((arg) => !arg.startsWith('vaultName=')) }
          : call.tool === 'terraform' && call.root
            ? { ...call, root: { module: { reader: { source: 'elsewhere' } } } }
            : call,
      )
    const options = optionsFor(t, { ...tools, run })
    t.match(await makeAll(plan, known, options), { missing: { name: /^akv-injector-prove/ } })
    t.strictSame(await removeAll(plan, options), [])
    t.strictSame(subscription, world())
  })
}

t.test('a deployment is cancelled before it is looked for what it made', async (t) => {
  const calls: string[] = []
  const azure = world()
  const tools = fakeTools(emptyWorld(), { azure })
  const run: Tools['run'] = (call) => {
    calls.push(call.args.slice(0, call.args.indexOf('--name') + 2).join(' '))
    return tools.run(call)
  }
  const plan = planOf({ modules: 'bicep' })
  const options = optionsFor(t, { ...tools, run })
  await makeAll(plan, known, options)
  calls.length = 0
  await removeAll(plan, options)
  const removed = calls.filter((call) => / (cancel|delete) .*-loose/.test(call))
  t.strictSame(removed, [
    'deployment group cancel --name akv-injector-prove-loose',
    'deployment group delete --name akv-injector-prove-loose-roles',
    'deployment group delete --name akv-injector-prove-loose-binding',
    'deployment group delete --name akv-injector-prove-loose',
    'aks identity-binding delete --name akv-injector-prove-loose',
    'identity delete --name akv-injector-prove-loose',
  ])
})

t.test('somebody else’s deployment of that name is never touched', async (t) => {
  const [azure, before] = [world(), world()]
  for (const one of [azure, before]) one.deployments.set('akv-injector-prove-sync', {})
  const tools = fakeTools(emptyWorld(), { azure })
  const plan = planOf({ modules: 'bicep' })
  t.match(refusalOfRun(await survey(plan, tools)), 'the deployment akv-injector-prove-sync exists')
  await removeAll(plan, optionsFor(t, tools))
  t.strictSame(azure, before)
})

t.test('the preview says what makes the identities', async (t) => {
  const textOf = async (modules: string) =>
    describePlan(
      await survey(planOf({ modules }), fakeTools(emptyWorld(), { azure: world() })),
    ).join('\n')
  const bicep = await textOf('bicep')
  t.match(bicep, '- a deployment akv-injector-prove-reader of main.bicep, which makes a managed')
  t.match(bicep, 'of this name and an identity binding\n')
  t.match(bicep, 'with a role for you (Key Vault Administrator)')
  t.notMatch(bicep, '- a managed identity')
  t.match(await textOf('terraform'), 'roles, and an identity binding, by Terraform\n')
})

t.test('Terraform takes no value for a template', (t) => {
  const issuer = 'https://x.example/${file("a")}/%{if true}'
  const roots = planOf({ modules: 'terraform', issuer })
    .flatMap(({ make }) => make)
    .flatMap(({ call }) => rootOf(call))
  t.equal(roots.length, 1)
  t.match(roots[0], {
    provider: { azurerm: { subscription_id: fakeAccount.subscriptionId } },
    module: {
      reader: { oidc_issuer_url: 'https://x.example/$${file("a")}/%%{if true}' },
      binding: { identity_id: '${module.loose.identity_id}' },
    },
  })
  t.end()
})

t.test('Terraform finds each provider where the modules do', (t) => {
  const sources = ['main.tf', 'identity-binding/main.tf'].flatMap((file) => {
    const text = readFileSync(join('manifests/azure/terraform', file), 'utf8')
    return [...text.matchAll(/^ {4}(\w+) = \{\n +source += "(.*)"$/gm)].map(([, name, source]) => [
      ...[name, source],
    ])
  })
  t.equal(sources.length, 2)
  const [root] = planOf({ modules: 'terraform' })
    .flatMap(({ make }) => make)
    .flatMap(({ call }) => rootOf(call))
  const given = objectAt(root, 'terraform', 'required_providers')
  // https://developer.hashicorp.com/terraform/language/providers/requirements#source-addresses
  const sourceOf = (name: string) => objectAt(given, name)['source'] ?? `hashicorp/${name}`
  const used = Object.keys(objectAt(root, 'provider')).map((name) => [name, sourceOf(name)])
  t.strictSame(used, sources)
  t.end()
})

const rootOf = (call: unknown): readonly JsonObject[] => {
  const { root } = call as ToolCall & { readonly root?: JsonObject }
  return root === undefined ? [] : [root]
}
