/** What the webhook hands to the agent in `AKV_INJECTOR_CONFIG`. Pure: both sides import this file. */

import {
  isObjectName,
  isObjectVersion,
  isVaultName,
  type ObjectReference,
  objectTypes,
} from '../keyvault/reference.ts'
import { type LogLevel, logLevels } from '../lib/log-level.ts'
import { printable } from '../lib/printable.ts'
import {
  type Check,
  check,
  isObject,
  listOf,
  object,
  oneOf,
  optional,
  string,
} from '../lib/shape.ts'

/** Grows with every change that an older agent would misread. */
export const contractVersion = 1

/** The environment variable of the agent's container that holds the configuration. */
export const configVariable = 'AKV_INJECTOR_CONFIG'
/** One string of the environment may be 128 KiB on Linux; this leaves room. */
export const maxConfigBytes = 96 * 1024

/** Where the volumes are mounted inside the agent's container, below its root (`/akv`). */
export const agentRoot = '/akv'
export const filesFolder = 'files'
export const envFolder = 'env'
export const identityFolder = 'identity'

/** The file of {@link envFolder} that EnvFiles read, and the file of {@link identityFolder} that holds the token. */
export const envFileName = 'env'
export const tokenFileName = 'token'

/** The link through which a volume's current set of files is read: the kubelet's own layout. */
export const currentSetLink = '..data'

/** How long a first fetch may wait for vaults that throttle, beyond its timeout. The startup probe allows for it. */
export const throttlingAllowanceSeconds = 15 * 60

/** A first fetch that is still running so long after its deadline is ended by the agent itself. */
export const hangGraceSeconds = 30

export const onDeletedChoices = ['keep', 'remove'] as const
export type OnDeleted = (typeof onDeletedChoices)[number]

/** What the agent may talk to. The operator's alone: no annotation reaches this. */
export interface Cloud {
  /** `https://login.microsoftonline.com` */
  readonly authorityHost: string
  /** `https://{vault}.vault.azure.net`; `{vault}` may stand in the host or in the path. */
  readonly vaultUrl: string
  /** What a token is asked for: `https://vault.azure.net` */
  readonly audience: string
  /** PEM; when there, the only certificates that are trusted. */
  readonly ca?: string
}

export const objectEncodings = ['base64', 'hex'] as const
export type ObjectEncoding = (typeof objectEncodings)[number]

/** A value, or something picked from it. */
export interface WantedValue {
  readonly object: ObjectReference
  /** Absent or disabled is no error. */
  readonly optional?: true
  /** A path into a JSON value; in a file also `*`, for all top-level properties. */
  readonly property?: string
  /** What the value, or the property, is decoded from. */
  readonly encoding?: ObjectEncoding
}

export interface WantedFile extends WantedValue {
  /** Relative to the mount. A folder for type `tls` (`.` is the mount itself), for `property: "*"`, and for `versions`. */
  readonly path: string
  /** Four octal digits; default: the configuration's. */
  readonly mode?: string
  /** The PKCS#12 behind a certificate is written as PEM, as the CSI driver does. */
  readonly format?: 'pem'
  /** So many versions, the newest (or the pinned one) as file `0` below `path`. */
  readonly versions?: number
}

/** A file of text and values. */
export interface WantedTemplate {
  readonly path: string
  readonly segments: readonly (string | WantedValue)[]
}

export interface WantedVariable extends WantedValue {
  readonly variable: string
}

export interface AgentConfig {
  readonly version: typeof contractVersion
  /** The containers that see the objects. Not the agent's business: it makes the choice auditable and lasting. */
  readonly containers: readonly string[]
  readonly files: readonly WantedFile[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
  /** Four octal digits: `0444`. */
  readonly fileMode: string
  /** 0: fetch once and end. */
  readonly refreshSeconds: number
  /** How long the first fetch may go on retrying. */
  readonly timeoutSeconds: number
  readonly onDeleted: OnDeleted
  /** `http://127.0.0.1:PORT/PATH`, posted to after each change. */
  readonly notify?: string
  readonly logLevel: LogLevel
  /** `clientId` and `tenantId` are the annotations', `defaultTenantId` the operator's, which comes last. */
  readonly identity: {
    readonly clientId?: string
    readonly tenantId?: string
    readonly defaultTenantId?: string
  }
  readonly cloud: Cloud
}

/** Kubernetes sets no bound; each container that sees the variable repeats its name in the pod. */
export const maxVariableNameLength = 253

/** What EnvFiles and shells take as the name of a variable. */
export const isVariableName = (name: string): boolean =>
  name.length <= maxVariableNameLength && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** `http://127.0.0.1:PORT/PATH`, and this form only: a literal address, a port, no user part, no fragment. */
export function isNotifyUrl(url: string): boolean {
  const port = /^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})\/[!"$-~]*$/.exec(url)?.[1]
  return port !== undefined && Number(port) <= 65535
}

export type DecodedConfig =
  | { readonly value: AgentConfig }
  | { readonly problem: string; readonly isNewer?: true }

/** Whether the pod gets any files, and with them a volume to see them in. */
export const hasFiles = ({ files, templates }: Pick<AgentConfig, 'files' | 'templates'>): boolean =>
  files.length + templates.length > 0

/** `$` would be expanded by the kubelet (`$(NAME)`) before the agent sees it. */
export function encodeConfig(config: AgentConfig): string {
  return JSON.stringify(config).replaceAll('$', '\\u0024')
}

/**
 * Reads what {@link encodeConfig} wrote, and checks it: somebody may have put the container there by hand.
 * The problem says which member is wrong; `isNewer` sets apart a configuration that only a newer agent can read.
 */
export function decodeConfig(json: string): DecodedConfig {
  // In UTF-8 no character is shorter than one byte.
  if (json.length > maxConfigBytes)
    return { problem: `${configVariable} is larger than ${maxConfigBytes} bytes` }
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { problem: `${configVariable} is not JSON` }
  }
  if (!isObject(value)) return { problem: `${configVariable} is not a JSON object` }
  const version = value['version']
  if (typeof version === 'number' && version > contractVersion)
    return {
      isNewer: true,
      problem: `${configVariable} has version ${version}, but this agent knows only ${contractVersion}: the webhook is newer than AKV_INJECTOR_AGENT_IMAGE`,
    }
  const wrong = isConfig(value)
  return wrong === undefined
    ? { value: value as unknown as AgentConfig }
    : { problem: `${configVariable}: "${printable(wrong.slice(1))}" is missing or wrong` }
}

const wanted = {
  object: object({
    vault: string(isVaultName),
    type: oneOf(objectTypes),
    name: string(isObjectName),
    version: optional(string(isObjectVersion)),
  }),
  optional: optional(oneOf([true])),
  property: optional(string((property) => property !== '')),
  encoding: optional(oneOf(objectEncodings)),
}
const mode = string((digits) => /^0[0-7]{3}$/.test(digits))
const isWanted = object(wanted)
const isSeconds = check((value) => typeof value === 'number' && value >= 0)
const httpsUrl = string((url) => url.startsWith('https://'))

const members: Record<keyof AgentConfig, Check> = {
  version: oneOf([contractVersion]),
  containers: listOf(string()),
  files: listOf(
    object({
      ...wanted,
      path: string(),
      mode: optional(mode),
      format: optional(oneOf(['pem'])),
      versions: optional(check((count) => Number.isSafeInteger(count) && Number(count) > 0)),
    }),
  ),
  templates: listOf(
    object({
      path: string(),
      segments: listOf((segment) => (typeof segment === 'string' ? undefined : isWanted(segment))),
    }),
  ),
  env: listOf(object({ ...wanted, variable: string(isVariableName) })),
  fileMode: mode,
  refreshSeconds: isSeconds,
  timeoutSeconds: isSeconds,
  onDeleted: oneOf(onDeletedChoices),
  notify: optional(string(isNotifyUrl)),
  logLevel: oneOf(logLevels),
  identity: object({
    clientId: optional(string()),
    tenantId: optional(string()),
    defaultTenantId: optional(string()),
  }),
  cloud: object({
    authorityHost: httpsUrl,
    vaultUrl: string((url) => url.startsWith('https://') && url.includes('{vault}')),
    audience: httpsUrl,
    ca: optional(string()),
  }),
}
const isConfig = object(members)
