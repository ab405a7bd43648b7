/** The configuration that the webhook writes to `AKV_INJECTOR_CONFIG` and the agent reads. Pure: both import this file. */

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

/** Increases with every change that an older agent would misread. */
export const contractVersion = 1

/** The environment variable of the agent's container that holds the configuration. */
export const configVariable = 'AKV_INJECTOR_CONFIG'
/** Linux allows 128 KiB for one string of the environment. This leaves a margin. */
export const maxConfigBytes = 96 * 1024

/** Where the volumes are mounted inside the agent's container, below its root (`/akv`). */
export const agentRoot = '/akv'
export const filesFolder = 'files'
export const envFolder = 'env'
export const identityFolder = 'identity'

/** In {@link envFolder}, the file that EnvFiles read; in {@link identityFolder}, the federated token. */
export const envFileName = 'env'
export const tokenFileName = 'token'

/** The link to a volume's current set of files, named as in the kubelet's own volumes. */
export const currentSetLink = '..data'

/** How long a first fetch may wait for throttling vaults, in addition to its timeout. The startup probe allows for it. */
export const throttlingAllowanceSeconds = 15 * 60

/** How long after its deadline the agent ends a first fetch that hangs. */
export const hangGraceSeconds = 30

export const onDeletedChoices = ['keep', 'remove'] as const
export type OnDeleted = (typeof onDeletedChoices)[number]

/** The services that the agent may talk to. Only the operator sets them: no annotation can. */
export interface Cloud {
  /** `https://login.microsoftonline.com` */
  readonly authorityHost: string
  /** `https://{vault}.vault.azure.net`; `{vault}` may be in the host or in the path. */
  readonly vaultUrl: string
  /** The resource to request a token for: `https://vault.azure.net` */
  readonly audience: string
  /** Certificates in PEM. If set, no others are trusted. */
  readonly ca?: string
}

export const objectEncodings = ['base64', 'hex'] as const
export type ObjectEncoding = (typeof objectEncodings)[number]

/** An object's value, or one property of it. */
export interface WantedValue {
  readonly object: ObjectReference
  /** It isn't an error if the object is absent or disabled. */
  readonly optional?: true
  /** A path into a JSON value. For a file also `*`: all top-level properties. */
  readonly property?: string
  /** The encoding to decode the value or property from. */
  readonly encoding?: ObjectEncoding
}

export interface WantedFile extends WantedValue {
  /** Relative to the mount. A folder for type `tls` (`.` is the mount itself), for `property: "*"`, and for `versions`. */
  readonly path: string
  /** Four octal digits. Default: {@link AgentConfig.fileMode}. */
  readonly mode?: string
  /** A certificate's PKCS#12 is written as PEM, as the CSI driver does. */
  readonly format?: 'pem'
  /** How many versions to write, the newest (or the pinned one) as file `0` below `path`. */
  readonly versions?: number
}

/** A file that combines text and values. */
export interface WantedTemplate {
  readonly path: string
  readonly segments: readonly (string | WantedValue)[]
}

export interface WantedVariable extends WantedValue {
  readonly variable: string
}

export interface AgentConfig {
  readonly version: typeof contractVersion
  /** The containers that see the objects. The agent ignores it: it records the webhook's choice. */
  readonly containers: readonly string[]
  readonly files: readonly WantedFile[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
  /** Four octal digits: `0444`. */
  readonly fileMode: string
  /** 0: fetch once and exit. */
  readonly refreshSeconds: number
  /** How long to keep retrying the first fetch. */
  readonly timeoutSeconds: number
  readonly onDeleted: OnDeleted
  /** `http://127.0.0.1:PORT/PATH`, which gets a POST after each change. */
  readonly notify?: string
  readonly logLevel: LogLevel
  /** The annotations set `clientId` and `tenantId`. The operator sets `defaultTenantId`, which is used last. */
  readonly identity: {
    readonly clientId?: string
    readonly tenantId?: string
    readonly defaultTenantId?: string
  }
  readonly cloud: Cloud
}

/** Kubernetes doesn't limit it. Each container that sees the variable repeats its name in the pod. */
export const maxVariableNameLength = 253

/** Whether EnvFiles and shells accept the name of a variable. */
export const isVariableName = (name: string): boolean =>
  name.length <= maxVariableNameLength && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** Accepts `http://127.0.0.1:PORT/PATH` only: a literal address and a port, without a user or a fragment. */
export function isNotifyUrl(url: string): boolean {
  const port = /^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})\/[!"$-~]*$/.exec(url)?.[1]
  return port !== undefined && Number(port) <= 65535
}

export type DecodedConfig =
  | { readonly value: AgentConfig }
  | { readonly problem: string; readonly isNewer?: true }

/** Whether the pod gets files, and so a volume for them. */
export const hasFiles = ({ files, templates }: Pick<AgentConfig, 'files' | 'templates'>): boolean =>
  files.length + templates.length > 0

/** Escapes `$`, because the kubelet expands `$(NAME)` in environment variables. */
export function encodeConfig(config: AgentConfig): string {
  return JSON.stringify(config).replaceAll('$', '\\u0024')
}

/**
 * Reads what {@link encodeConfig} wrote. Checks it, because the container may have been added by hand.
 *
 * @returns the configuration, or a problem that names the member. `isNewer`: only a newer agent can read it.
 */
export function decodeConfig(json: string): DecodedConfig {
  // In UTF-8, every character takes at least one byte.
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
