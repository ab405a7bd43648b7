import {
  describeSections,
  isMatch,
} from '../../../../repository/identity/verify/describe-sections.ts'
import type { AzAnswer } from '../../../../repository/identity/verify/run-az.ts'
import { verify } from '../../../../repository/identity/verify/verify.ts'
import { azInMemory } from '../../../support/fake-az/az-in-memory.ts'
import { type AzureState, emptyAzure, principalOf } from '../../../support/fake-az/azure-state.ts'

const web = {
  clientId: '22222222-2222-2222-2222-222222222222',
  name: 'id-web',
  resourceGroup: 'rg-web',
}
const group = '88888888-8888-8888-8888-888888888888'
export const issuer = 'https://oidc.example/cluster/'
const vaultId = (name: string) =>
  `/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/${name}`
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

/** Two vaults, one with roles and one with access policies, so that every command is run. */
export const azure = (): AzureState => ({
  ...emptyAzure([web]),
  credentials: [
    {
      identity: 'id-web',
      name: 'web',
      issuer,
      subject: 'system:serviceaccount:shop:web',
      audiences: ['api://AzureADTokenExchange'],
    },
  ],
  vaults: [
    { name: 'roles', id: vaultId('roles') },
    {
      name: 'policies',
      id: vaultId('policies'),
      policies: [{ objectId: group, permissions: { secrets: ['get'] } }],
    },
  ],
  assignments: [{ role: secretsUser, scope: vaultId('roles'), principalId: principalOf(web) }],
  groups: { [principalOf(web)]: [group] },
})

export const identity = {
  clientId: web.clientId,
  grants: ['roles', 'policies'].map((vault) => ({
    namespace: 'shop',
    account: 'web',
    values: [{ object: { vault, type: 'secret' as const, name: 'db' } }],
  })),
}

/** What `identity --verify` says of the answers of the Azure CLI, which a test may replace. */
export async function report(replace?: (command: string, answer: AzAnswer) => AzAnswer) {
  const az = azInMemory(azure(), replace)
  const sections = await verify(
    [identity],
    { issuers: [{ by: 'options', value: issuer }], grants: 'vault' },
    az,
  )
  const text = describeSections(sections, { hasMistakes: false }).join('\n')
  return { isMatch: isMatch(sections), text, ran: az.ran }
}

export const commands = [
  'identity list',
  'identity federated-credential list',
  'keyvault show',
  'role assignment list',
  'role definition show',
  'cloud show',
  'rest',
]

/** A role with many patterns of what it permits, and of what it doesn't. */
export const wideRole = (patterns: number) => ({
  roleName: 'wide',
  permissions: [
    {
      dataActions: Array.from(
        { length: patterns },
        (_, i) => `Microsoft.KeyVault/vaults/*a*a*${i}`,
      ),
      notDataActions: Array.from({ length: patterns }, (_, i) => `*a*a*a*b${i}`),
    },
  ],
})

/** What it says if the identity's group has many roles, and each of them is this one. */
export const reportOnRoles = (count: number, role: unknown) =>
  report((command, answer) => {
    if (command === 'role definition show') return { kind: 'answered', value: role }
    if (command !== 'role assignment list') return answer
    const value = Array.from({ length: count }, (_, i) => ({
      id: `${i}`,
      scope: vaultId('roles'),
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${String(i % 100).padStart(8, '0')}-0000-0000-0000-000000000000`,
      principalId: group,
    }))
    return { kind: 'answered', value }
  })
