import { scalarText } from '../../../lib/shape.ts'
import { fakeAccount } from '../support/azure-world.ts'
import { type AzureOptions, ok, on, type Route } from './azure-route.ts'

/** What the plan and the scenarios ask of a vault. */
export function vaultRoutes(vaultName: string): readonly Route[] {
  const object = (kind: string, name: string, version: number) => ({
    id: `https://${vaultName}.vault.azure.net/${kind}/${name}/${String(version).padStart(32, '0')}`,
    attributes: { enabled: true, created: 1, updated: 1 },
  })
  const add = ({ world }: AzureOptions, kind: string, name = '') => {
    const vault = world.vaults.get(vaultName)
    // Nobody writes before having a role.
    const isAllowed = [...(vault?.assignments.values() ?? [])].some(
      ({ principalId }) => principalId === fakeAccount.objectId,
    )
    if (vault === undefined || !isAllowed) return undefined
    vault.objects.push(name)
    return object(kind, name, vault.objects.length)
  }
  const name = '(?<name>[^/]+)'
  return [
    {
      method: 'PUT',
      path: on(`/secrets/${name}`),
      isChange: true,
      answer: (options, { name = '' }, { value }) => {
        const one = add(options, 'secrets', name)
        if (one === undefined) return undefined
        options.onSecret(name, scalarText(value))
        return ok({ ...one, value })
      },
    },
    {
      method: 'PATCH',
      path: on(`/secrets/${name}/(?<version>[^/]*)`),
      isChange: true,
      answer: (_, { name = '' }) => ok(object('secrets', name, 1)),
    },
    {
      method: 'DELETE',
      path: on(`/secrets/${name}`),
      isChange: true,
      answer: (_, { name = '' }) =>
        ok({
          ...object('secrets', name, 1),
          recoveryId: `https://${vaultName}.vault.azure.net/deletedsecrets/${name}`,
          deletedDate: 1,
          scheduledPurgeDate: 2,
        }),
    },
    {
      method: 'GET',
      path: on(`/deletedsecrets/${name}`),
      answer: (_, { name = '' }) =>
        ok({
          ...object('secrets', name, 1),
          recoveryId: `https://${vaultName}.vault.azure.net/deletedsecrets/${name}`,
        }),
    },
    {
      method: 'POST',
      path: on(`/keys/${name}/create`),
      isChange: true,
      answer: (options, { name = '' }) => {
        const one = add(options, 'keys', name)
        return (
          one &&
          ok({ key: { kid: one.id, kty: 'RSA', n: 'AQAB', e: 'AQAB' }, attributes: one.attributes })
        )
      },
    },
    {
      method: 'POST',
      path: on(`/certificates/${name}/create`),
      isChange: true,
      answer: (options, { name = '' }) =>
        add(options, 'certificates', name) && { status: 202, body: operation(vaultName, name) },
    },
    {
      method: 'GET',
      path: on(`/certificates/${name}/pending`),
      answer: (_, { name = '' }) => ok(operation(vaultName, name)),
    },
    {
      method: 'GET',
      path: on(`/certificates/${name}/?`),
      answer: (_, { name = '' }) => ok(object('certificates', name, 1)),
    },
  ]
}

const operation = (vault: string, name: string) => ({
  id: `https://${vault}.vault.azure.net/certificates/${name}/pending`,
  issuer: { name: 'Self' },
  csr: 'AQAB',
  ...{ status: 'completed', target: `https://${vault}.vault.azure.net/certificates/${name}` },
})
