import { printable } from '../../lib/printable.ts'
import {
  describePath,
  type FieldPath,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import { valueAt } from '../../lib/shape.ts'

const client = "the ServiceAccount's annotation azure.workload.identity/client-id names the client"
const secret =
  'nobody signs in with it; give the client a federated credential for the ServiceAccount'
const cloud = "the administrator's cloud says where vaults are and where accounts sign in"
const retries = 'a failed read is tried again after growing pauses'

/**
 * The fields of a store that the operator reads and that have no effect here, with what takes their place. None of them
 * changes which object of which vault is read: that is refused, or done.
 */
const fields: readonly (readonly [field: string, instead: string])[] = [
  ['provider.azurekv.identityId', client],
  ['provider.azurekv.authSecretRef.clientId', client],
  [
    'provider.azurekv.authSecretRef.tenantId',
    "tenantId, or the ServiceAccount's annotation azure.workload.identity/tenant-id, names the tenant",
  ],
  ['provider.azurekv.authSecretRef.clientSecret', secret],
  ['provider.azurekv.authSecretRef.clientCertificate', secret],
  ['provider.azurekv.customCloudConfig.activeDirectoryEndpoint', cloud],
  ['provider.azurekv.customCloudConfig.keyVaultEndpoint', cloud],
  ['provider.azurekv.customCloudConfig.keyVaultDNSSuffix', cloud],
  ['provider.azurekv.customCloudConfig.resourceManagerEndpoint', 'nobody calls Resource Manager'],
  [
    'provider.azurekv.customCloudConfig.audience',
    'the audience of a token is always api://AzureADTokenExchange',
  ],
  ['retrySettings.maxRetries', retries],
  ['retrySettings.retryInterval', retries],
  ['refreshInterval', 'the refreshInterval of each ExternalSecret counts'],
]

/** Each is made once, because Secret sync keeps those of every store. */
const unused = fields.map(([field, instead]) => problem(field.split('.'), instead))
const unusedSdk = problem(['provider', 'azurekv', 'useAzureSDK'], "Azure's SDK is always used")

/**
 * Finds the fields of a store that are set and have no effect here.
 *
 * @param spec - of the store, any JSON
 * @param namespace - of the ExternalSecrets that use it; undefined for those of all namespaces
 */
export function unusedFields(spec: unknown, namespace: string | undefined): readonly Problem[] {
  const azure = (...path: readonly string[]) => valueAt(spec, 'provider', 'azurekv', ...path)
  const authType = azure('authType')
  const isOtherSignIn = typeof authType === 'string' && authType !== 'WorkloadIdentity'
  const elsewhere = azure('serviceAccountRef', 'namespace')
  return [
    ...(isOtherSignIn
      ? [problem(['provider', 'azurekv', 'authType'], 'write WorkloadIdentity', authType)]
      : []),
    ...(typeof elsewhere === 'string' && elsewhere !== namespace
      ? [
          plainProblem(
            `${describePath(accountPath)} names an account of namespace ${printable(elsewhere, 63)}, which only ExternalSecrets of that namespace use; the others use an account of their own namespace`,
            accountPath,
          ),
        ]
      : []),
    ...unused.filter(({ path }) => valueAt({ spec }, ...path) != null),
    // The API server writes the default, false.
    ...(azure('useAzureSDK') === true ? [unusedSdk] : []),
  ]
}

const accountPath = ['spec', 'provider', 'azurekv', 'serviceAccountRef']

function problem(field: FieldPath, instead: string, value?: string): Problem {
  const path = ['spec', ...field]
  const shown = value === undefined ? '' : ` ${printable(value, 40)}`
  return plainProblem(`${describePath(path)}${shown} has no effect here; ${instead}`, path)
}
