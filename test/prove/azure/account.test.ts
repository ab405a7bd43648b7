import t from 'tap'
import { readAzureAccount } from '../../../prove/azure/read-azure-account.ts'
import { describeAzureRights, findMissingRights } from '../../../prove/azure/rights.ts'
import type { Ran, Tools } from '../../../prove/tools/tools.ts'
import { emptyAzureWorld, fakeAccount } from '../support/azure-world.ts'
import { emptyWorld, fakeTools } from '../support/fake-tools.ts'
import { ran } from '../support/ran.ts'

/** Answers calls whose arguments begin with these words, and the others as a subscription does. */
function toolsWith(
  answers: Readonly<Record<string, Ran | object>> = {},
  world = emptyAzureWorld(),
): Tools {
  const tools = fakeTools(emptyWorld(), {
    azure: world,
    run: () => ran(JSON.stringify({ issuer: fakeAccount.issuer })),
  })
  return {
    ...tools,
    run: async (call) => {
      const key = Object.keys(answers).find((words) => call.args.join(' ').startsWith(words))
      const answer = key === undefined ? undefined : answers[key]
      if (answer === undefined) return await tools.run(call)
      return 'stderr' in answer ? (answer as Ran) : ran(JSON.stringify(answer))
    },
  }
}
const options = { resourceGroup: 'proof' }

t.test('the account is what az and the API server say', async (t) => {
  t.strictSame(await readAzureAccount(toolsWith(), options), fakeAccount)
  const user = { ...signIn, user: { type: 'user' } }
  t.match(await readAzureAccount(toolsWith({ 'account show': user }), options), {
    principalType: 'User',
  })
  const aks = { name: 'shop', resourceGroup: 'shop' }
  t.match(await readAzureAccount(toolsWith(), { ...options, aks }), { aks })
  const issuer = 'https://other.example/'
  t.match(await readAzureAccount(toolsWith(), { ...options, issuer }), { issuer })
})

const signIn = {
  id: fakeAccount.subscriptionId,
  tenantId: fakeAccount.tenantId,
  environmentName: 'AzureCloud',
}

t.test('an account that can’t be used is named', async (t) => {
  const issuer = (url: unknown) => ({ 'get --raw': { issuer: url } })
  const token = (payload: string) => ({
    'account get-access-token': {
      accessToken: `a.${Buffer.from(payload).toString('base64url')}.b`,
    },
  })
  const refused: readonly (readonly [Readonly<Record<string, Ran | object>>, string])[] = [
    [{ 'account show': ran('', 1, 'Please run az login') }, 'run az login'],
    [{ 'account show': ran('nonsense') }, 'run az login'],
    [
      { 'account show': { code: undefined, stdout: '', stderr: 'not-started' } },
      'az can’t be started',
    ],
    [
      { 'get --raw': { code: undefined, stdout: '', stderr: 'not-started' } },
      'kubectl can’t be started',
    ],
    [{ 'account show': { ...signIn, id: 'x' } }, 'isn’t a UUID'],
    [{ 'account show': { ...signIn, environmentName: 'AzureChinaCloud' } }, 'public cloud only'],
    [{ 'group show': ran('', 3) }, '--resource-group'],
    [{ 'group show': { name: 'x' } }, 'printed no location'],
    [{ 'account get-access-token': ran('', 1) }, 'no token'],
    [{ 'account get-access-token': {} }, 'printed no oid'],
    [token('not JSON'), 'printed no oid'],
    [token('{"oid":"x"}'), 'isn’t a UUID'],
    [{ 'get --raw': ran('', 1) }, 'name the issuer with --issuer'],
    [issuer(undefined), 'printed no issuer'],
    [issuer('http://oidc.example/'), 'expected an https URL'],
    [issuer('https://kubernetes.default.svc.cluster.local'), 'only the cluster knows'],
    [issuer('https://localhost'), 'only the cluster knows'],
  ]
  for (const [answers, message] of refused)
    await t.rejects(
      readAzureAccount(toolsWith(answers), options),
      { message: new RegExp(message) },
      message,
    )
  await t.rejects(readAzureAccount(toolsWith(), { ...options, issuer: 'x' }), /--issuer x/)
})

t.test('rights that are missing in the resource group are named', async (t) => {
  const missing = (actions: readonly string[], notActions: readonly string[] = []) =>
    findMissingRights(toolsWith({ rest: { value: [{ actions, notActions }] } }), fakeAccount)
  t.strictSame(await missing(['*']), [])
  t.strictSame(await missing(['*'], ['Microsoft.Authorization/*/Write']), [
    'Microsoft.Authorization/roleAssignments/write',
  ])
  t.equal((await missing(['*/read']))?.length, 6)
  t.strictSame(
    await missing([
      'Microsoft.KeyVault/*',
      'microsoft.managedidentity/*',
      'Microsoft.Authorization/*',
    ]),
    [],
  )
  // One entry's exception doesn't take what another one gives.
  const both = {
    value: [
      { actions: ['*'], notActions: ['*'] },
      { actions: ['*'], notActions: [] },
    ],
  }
  t.strictSame(await findMissingRights(toolsWith({ rest: both }), fakeAccount), [])
  for (const answer of [ran('', 1), {}, { value: {} }, { value: [], nextLink: 'https://x' }])
    t.equal(await findMissingRights(toolsWith({ rest: answer }), fakeAccount), undefined)
  for (const odd of [{ actions: 7 }, { actions: [null] }, 'x', null])
    t.equal(
      (await findMissingRights(toolsWith({ rest: { value: [odd] } }), fakeAccount))?.length,
      8,
    )
})

t.test('a resource group may have any letters', async (t) => {
  const urls: string[] = []
  const tools: Tools = {
    ...toolsWith(),
    run: async ({ args }) => {
      urls.push(args[args.indexOf('--url') + 1] ?? '')
      return ran('{"value":[]}')
    },
  }
  await findMissingRights(tools, { ...fakeAccount, resourceGroup: 'größe(1)_#?' })
  const [url = ''] = urls
  t.match(
    new URL(url, 'https://arm.example').pathname,
    /\/resourcegroups\/gr%C3%B6%C3%9Fe\(1\)_%23%3F\/providers/,
  )
})

t.test('the preview says which rights are missing', (t) => {
  const text = describeAzureRights(['Microsoft.KeyVault/vaults/write'], {}).join('\n')
  t.match(text, '- Microsoft.KeyVault/vaults/write: you don’t have it')
  t.match(text, '- Microsoft.KeyVault/vaults/read\n')
  t.match(text, 'keeps its name for 7 to 90 days')
  t.notMatch(text, 'doesn’t say')
  t.notMatch(text, 'identityBindings')
  t.notMatch(text, 'Microsoft.Resources/deployments')
  const aks = { name: 'shop', resourceGroup: 'shop' }
  const bicep = describeAzureRights(['Microsoft.Resources/deployments/write'], {
    aks,
    modules: 'bicep',
  })
  t.match(bicep.join('\n'), '- Microsoft.Resources/deployments/write: you don’t have it')
  t.match(bicep.join('\n'), '- Microsoft.ContainerService/managedClusters/read')
  t.match(
    describeAzureRights([], { modules: 'terraform' }).join('\n'),
    '- Microsoft.Authorization/roleDefinitions/read',
  )
  t.match(
    describeAzureRights([], { aks }).join('\n'),
    /AKS cluster shop.*\n- Microsoft.ContainerService\/managedClusters\/identityBindings\/read\n/,
  )
  t.match(describeAzureRights(undefined, {}).join('\n'), 'Azure doesn’t say whether you have them.')
  t.end()
})
