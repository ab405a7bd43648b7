import type { JsonObject } from '../../lib/shape.ts'
import type { ProofCall } from '../tools/tools.ts'
import { type AccountName, accountNames, type Facts, namespaceName } from './facts.ts'
import { namespaceResource } from './namespace-resource.ts'
import type { ProofAzure, VaultChange } from './proof-azure.ts'
import type { ProofPlan } from './resource.ts'

const vaultName = 'akv-injector-prove'

const clientIds: Readonly<Record<AccountName, string>> = {
  reader: '99999999-0000-4000-8000-000000000001',
  stranger: '99999999-0000-4000-8000-000000000002',
  loose: '99999999-0000-4000-8000-000000000003',
  sync: '99999999-0000-4000-8000-000000000004',
}

const versions = {
  old: '00000000000000000000000000000001',
  new: '00000000000000000000000000000002',
}

/** The Azure of `prove --emulated`. */
export const emulatedAzure: ProofAzure = {
  kind: 'emulated',
  hasBinding: false,
  vaultName,
  plan,
  known: { clientIds, principalIds: {}, versions },
  callOf,
}

/** Identities and a vault in the emulator, and a namespace in the cluster. */
function plan(facts: Facts): ProofPlan {
  const content = { identities: Object.values(clientIds), vaults: [vaultName] }
  return [
    {
      kind: 'emulated-azure',
      name: vaultName,
      sentence: `a vault ${vaultName} and four identities in the emulator`,
      make: [
        {
          call: { path: '/add', body: emulatedContent(facts) },
        },
      ],
      find: { by: 'names', call: { path: '/names' }, ...content },
      remove: [{ path: '/remove', body: content }],
    },
    namespaceResource({ facts }),
  ]
}

/** What the emulator has, in the form of its data. */
export const emulatedContent = (facts: Facts) => ({
  identities: identities(),
  vaults: { [vaultName]: vault(facts) },
})

const identities = () =>
  accountNames.map((name) => ({
    clientId: clientIds[name],
    federatedCredentials:
      name === 'loose' ? [] : [{ subject: `system:serviceaccount:${namespaceName}:${name}` }],
  }))

const vault = ({ values }: Facts) => ({
  readers: [clientIds.reader, clientIds.sync],
  secrets: {
    plain: values.plain,
    json: JSON.stringify({ a: { b: values.property } }),
    encoded: Buffer.from(values.encoded).toString('base64'),
    rotated: values.first,
    versions: {
      versions: [
        { version: versions.old, value: values.old, created: '2026-01-01T00:00:00Z' },
        { version: versions.new, value: values.new, created: '2026-01-02T00:00:00Z' },
      ],
    },
    disabled: { value: values.plain, enabled: 'false' },
    expired: { value: values.plain, expires: '2026-01-01T00:00:00Z' },
    deleted: values.plain,
  },
  keys: { signing: { type: 'RSA' } },
  certificates: { web: { dnsNames: ['web.example'] } },
})

const refusals = {
  'public-access': 'ForbiddenByConnection',
  firewall: 'ForbiddenByFirewall',
}

const fault = (action: JsonObject): ProofCall => ({
  path: '/faults',
  body: { match: { vault: vaultName }, action },
})

function callOf(change: VaultChange): ProofCall {
  const vault = vaultName
  switch (change.kind) {
    case 'new-version':
      return { path: '/rotate', body: { vault, name: change.name, value: change.value } }
    case 'enable':
    case 'disable':
      return { path: '/set', body: { vault, name: change.name, enabled: change.kind === 'enable' } }
    case 'delete':
      return { path: '/set', body: { vault, name: change.name, deleted: true } }
    case 'network':
      return change.isOpen
        ? { path: '/faults', method: 'DELETE', vault }
        : fault({ kind: 'forbidden', innerCode: refusals[change.by] })
    // Nothing answers at its name.
    case 'delete-vault':
      return fault({ kind: 'reset' })
    default:
      return change satisfies never
  }
}
