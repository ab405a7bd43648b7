import { narrowestGrants } from '../../lib/azure/narrowest-grants.ts'
import type { AccountName, Facts } from '../plan/facts.ts'
import type { MakeStep, Resource } from '../plan/resource.ts'
import type { AzureAccount } from './account.ts'
import { azCall, azureMark, inGroup, inSubscription, markTags } from './az-calls.ts'
import { assignmentName, vaultIdOf } from './azure-names.ts'

/** The vault, the roles on it and its objects: all of them are gone when it is deleted. */
export function vaultResource(account: AzureAccount, facts: Facts): Resource {
  const { vaultName: name } = facts
  const group = inGroup(account)
  const create = azCall(
    ...['keyvault', 'create', '--name', name, '--location', account.location],
    ...['--enable-rbac-authorization', 'true', '--retention-days', '7'],
    ...markTags,
    ...group,
  )
  return {
    kind: 'vault',
    name,
    sentence: `a vault ${name} ${account.modules === undefined ? 'with roles for two of them and for you' : 'with a role for you'} (Key Vault Administrator), eight secrets, a key and a certificate`,
    make: [{ call: create }, ...assignments(account, name), ...objects(account, facts)],
    find: {
      by: 'list',
      // Without a type, az 2.91 prints an empty list when Azure refuses to list.
      call: azCall('keyvault', 'list', '--resource-type', 'vault', ...group),
      mark: azureMark,
    },
    remove: [
      azCall('keyvault', 'delete', '--name', name, ...group),
      // Without its location, az looks for it in the list of deleted vaults, which may not have it at once.
      azCall(
        ...['keyvault', 'purge', '--name', name, '--location', account.location],
        ...inSubscription(account),
      ),
    ],
  }
}

/** Has every data action of a vault. The roles of the scenarios only read. */
const administrator = '00482a5a-887f-4fb3-b363-3b7fe8e74483'

/** The caller's role comes last: once it works, the others had more time. With modules, the modules assign the others. */
function assignments(account: AzureAccount, vaultName: string): readonly MakeStep[] {
  const { secrets, keys } = narrowestGrants
  const scope = vaultIdOf(account, vaultName)
  const assign = (principalId: string, roleId: string, type: AzureAccount['principalType']) =>
    azCall(
      ...['role', 'assignment', 'create', '--name', assignmentName(scope, principalId, roleId)],
      ...['--role', roleId, '--scope', scope, ...inSubscription(account)],
      // With its type, az doesn't look the principal up, which takes rights in Entra.
      ...['--assignee-object-id', principalId, '--assignee-principal-type', type],
    )
  const toAccount = (name: AccountName, roleId: string): MakeStep => ({
    call: ({ principalIds }) => assign(principalIds[name] ?? '', roleId, 'ServicePrincipal'),
    // Entra may not know a new identity yet.
    isPatient: true,
  })
  return [
    ...(account.modules === undefined
      ? [
          toAccount('reader', secrets.role.id),
          toAccount('reader', keys.role.id),
          toAccount('sync', secrets.role.id),
        ]
      : []),
    { call: assign(account.objectId, administrator, account.principalType) },
  ]
}

const policy = {
  issuerParameters: { name: 'Self' },
  keyProperties: { exportable: true, keySize: 2048, keyType: 'RSA', reuseKey: false },
  secretProperties: { contentType: 'application/x-pkcs12' },
  x509CertificateProperties: {
    subject: 'CN=web.example',
    subjectAlternativeNames: { dnsNames: ['web.example'] },
    validityInMonths: 1,
  },
}

function objects(account: AzureAccount, { values, vaultName }: Facts): readonly MakeStep[] {
  const where = (name: string) => [
    ...['--vault-name', vaultName, '--name', name],
    ...inSubscription(account),
  ]
  const secret = (name: string, value: string, ...options: readonly string[]): MakeStep => ({
    call: azCall('keyvault', 'secret', 'set', ...where(name), '--value', value, ...options),
    isPatient: true,
  })
  const object = (...args: readonly string[]): MakeStep => ({
    call: azCall('keyvault', ...args),
    isPatient: true,
  })
  return [
    secret('plain', values.plain),
    secret('json', JSON.stringify({ a: { b: values.property } })),
    secret('encoded', Buffer.from(values.encoded).toString('base64')),
    secret('rotated', values.first),
    { ...secret('versions', values.old), learn: { of: 'version', name: 'old' } },
    { ...secret('versions', values.new), learn: { of: 'version', name: 'new' } },
    secret('disabled', values.plain, '--disabled', 'true'),
    secret('expired', values.plain, '--expires', '2026-01-01T00:00:00Z'),
    secret('deleted', values.plain),
    object('key', 'create', ...where('signing'), '--kty', 'RSA'),
    object('certificate', 'create', ...where('web'), '--policy', JSON.stringify(policy)),
  ]
}
