/** The refusals of Key Vault's data plane, with the service's own statuses, codes and messages. */

export interface VaultRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly innerCode?: string
}

/** The caller and the operation, as the service repeats them in a refusal. */
interface Attempt {
  readonly vault: string
  readonly caller: string
  readonly kind: ObjectKind
  readonly action: VaultAction
  readonly name?: string | undefined
}

export const objectKinds = ['secret', 'key', 'certificate'] as const
export type ObjectKind = (typeof objectKinds)[number]

export type VaultAction =
  | 'import'
  | 'get'
  | 'list'
  | 'set'
  | 'update'
  | 'delete'
  | 'recover'
  | 'purge'

/** The RBAC names of the actions on secrets. */
const secretActions: Readonly<Record<Exclude<VaultAction, 'import'>, string>> = {
  get: 'getSecret/action',
  list: 'readMetadata/action',
  set: 'setSecret/action',
  update: 'update/action',
  delete: 'delete',
  recover: 'recover/action',
  purge: 'purge/action',
}

/** Keys can only be read here, and certificates read and imported. */
function dataActionOf(kind: ObjectKind, action: VaultAction): string {
  if (action === 'import') return 'import/action'
  return kind === 'secret' ? secretActions[action] : 'read'
}

export const innerForbiddenCodes = [
  'ForbiddenByRbac',
  'AccessDenied',
  'ForbiddenByFirewall',
  'ForbiddenByConnection',
] as const
export type InnerForbiddenCode = (typeof innerForbiddenCodes)[number]

const place = (vault: string) => `${vault};location=westeurope`
const absent = (code: string, message: string): VaultRefusal => ({ status: 404, code, message })

const unauthorized = (message: string): VaultRefusal => ({
  status: 401,
  code: 'Unauthorized',
  message,
})
export const badParameter = (message: string): VaultRefusal => ({
  status: 400,
  code: 'BadParameter',
  message,
})

export const noToken = unauthorized('AKV10000: Request is missing a Bearer or PoP token.')
export const tokenExpired = unauthorized("[TokenExpired] Error validating token: 'S2S12086'.")
export const tokenInvalid = unauthorized(
  'AKV10046: Unable to resolve the key used for signature validation.',
)
export const wrongAudience = (expected: string, found: string): VaultRefusal =>
  unauthorized(`AKV10022: Invalid audience. Expected ${expected}, found: ${found}.`)

const forbidden = (innerCode: string, message: string): VaultRefusal => ({
  status: 403,
  code: 'Forbidden',
  message,
  innerCode,
})

export function forbiddenFor(
  innerCode: InnerForbiddenCode,
  { vault, caller, kind, action, name }: Attempt,
): VaultRefusal {
  const dataAction = dataActionOf(kind, action)
  const resource = `/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/emulator/providers/microsoft.keyvault/vaults/${vault}`
  switch (innerCode) {
    case 'ForbiddenByRbac':
      return forbidden(
        innerCode,
        `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: ${caller}\r\nAction: 'Microsoft.KeyVault/vaults/${kind}s/${dataAction}'\r\nResource: '${resource}${name === undefined ? '' : `/${kind}s/${name}`}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: ${place(vault)}\r\n`,
      )
    case 'AccessDenied':
      return forbidden(
        innerCode,
        `The user, group or application '${caller}' does not have ${kind}s ${action} permission on key vault '${place(vault)}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
      )
    case 'ForbiddenByFirewall':
      return forbidden(
        innerCode,
        `Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.7\r\nCaller: ${caller}\r\nVault: ${place(vault)}`,
      )
    case 'ForbiddenByConnection':
      return forbidden(
        innerCode,
        `Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: ${caller}\r\nVault: ${place(vault)}`,
      )
    default:
      return innerCode satisfies never
  }
}

export const secretDisabled = forbidden(
  'SecretDisabled',
  'Operation get is not allowed on a disabled secret.',
)

const capitals = { secret: 'Secret', key: 'Key', certificate: 'Certificate' } as const

/** @param id - the name, or `name/version` */
export const notFound = (kind: ObjectKind, id: string): VaultRefusal =>
  absent(
    `${capitals[kind]}NotFound`,
    `A ${kind} with (name/id) ${id} was not found in this key vault. If you recently deleted this ${kind} you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  )

export const noPendingCertificate = (name: string): VaultRefusal =>
  absent('PendingCertificateNotFound', `Pending certificate not found: ${name}`)

/** The secret of a certificate can only be changed through the certificate. */
export const secretIsManaged = (action: VaultAction): VaultRefusal =>
  forbidden(
    'SecretManagedByKeyVault',
    `Operation "${action}" is not allowed on this secret, since it is associated with a certificate. Perform the operation on the corresponding certificate. For more information refer to https://docs.microsoft.com/en-us/azure/key-vault/certificates/about-certificates#composition-of-a-certificate`,
  )

export const deletedSecretNotFound = (name: string): VaultRefusal =>
  absent('SecretNotFound', `Deleted Secret not found: ${name}`)

const conflict = (innerCode: string, message: string): VaultRefusal => ({
  status: 409,
  code: 'Conflict',
  message,
  innerCode,
})

export const isDeleted = (kind: ObjectKind, name: string): VaultRefusal =>
  conflict(
    'ObjectIsDeletedButRecoverable',
    `${capitals[kind]} ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the ${kind} can only be recovered or purged.`,
  )

/** The emulator's own message. */
export const nameIsTaken = (kind: ObjectKind, name: string): VaultRefusal =>
  conflict(
    'NameTaken',
    `A ${kind} named ${name} already exists, and a certificate would create one, too.`,
  )

export const throttled: VaultRefusal = {
  status: 429,
  code: 'Throttled',
  message:
    'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
}

/** The emulator's own refusal: a vault that doesn't exist in the service has no DNS name, either. */
export const vaultNotFound = (name: string): VaultRefusal =>
  absent('VaultNotFound', `The emulator's data file has no vault named ${name}.`)

export function vaultBody({ code, message, innerCode }: Omit<VaultRefusal, 'status'>) {
  return {
    error: {
      code,
      message,
      ...(innerCode === undefined ? {} : { innererror: { code: innerCode } }),
    },
  }
}
