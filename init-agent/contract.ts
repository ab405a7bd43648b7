/** What the webhook hands to the agent in `AKV_INJECTOR_CONFIG`. Pure: both sides import this file. */

import {
  isObjectName,
  isObjectVersion,
  isVaultName,
  type ObjectReference,
  type Parsed,
  shorten,
} from '../keyvault/reference.ts'

/** Grows with every change that an older agent would misread. */
export const contractVersion = 1

/** The environment variable of the agent's container that holds the configuration. */
export const configVariable = 'AKV_INJECTOR_CONFIG'

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

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

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

export interface Wanted {
  readonly object: ObjectReference
  /** Absent or disabled is no error. */
  readonly optional?: true
}

export interface WantedFile extends Wanted {
  /** Relative to the mount; see DESIGN 3.1 for what a path may be. */
  readonly path: string
}

export interface WantedVariable extends Wanted {
  readonly variable: string
}

export interface AgentConfig {
  readonly version: typeof contractVersion
  /** The containers that see the objects. Not the agent's business: it makes the choice auditable and lasting. */
  readonly containers: readonly string[]
  readonly files: readonly WantedFile[]
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

/** `$` would be expanded by the kubelet (`$(NAME)`) before the agent sees it. */
export function encodeConfig(config: AgentConfig): string {
  return JSON.stringify(config).replaceAll('$', '\\u0024')
}

/**
 * Reads what {@link encodeConfig} wrote, and checks it: somebody may have put the container there by hand.
 * The problem says which member is wrong.
 */
export function decodeConfig(text: string): Parsed<AgentConfig> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: `${configVariable} is not JSON` }
  }
  if (!isRecord(value)) return { problem: `${configVariable} is not a JSON object` }
  const version = value['version']
  if (typeof version === 'number' && version > contractVersion)
    return {
      problem: `${configVariable} has version ${version}, this agent knows ${contractVersion}: the webhook is newer than AKV_INJECTOR_AGENT_IMAGE`,
    }
  const wrong = Object.entries(members).find(([name, isValid]) => !isValid(value[name]))
  return wrong === undefined
    ? { value: value as unknown as AgentConfig }
    : {
        problem: `${configVariable}: "${wrong[0]}" is missing or wrong: ${shorten(JSON.stringify(value[wrong[0]]) ?? 'absent')}`,
      }
}

type Check = (value: unknown) => boolean

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isString: Check = (value) => typeof value === 'string'
const isSeconds: Check = (value) => typeof value === 'number' && value >= 0
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const oneOf =
  (choices: readonly unknown[]): Check =>
  (value) =>
    choices.includes(value)
const shape =
  (checks: Record<string, Check>): Check =>
  (value) =>
    isRecord(value) && Object.entries(checks).every(([name, check]) => check(value[name]))
const text =
  (isValid: (text: string) => boolean): Check =>
  (value) =>
    typeof value === 'string' && isValid(value)

const wanted: Record<string, Check> = {
  object: shape({
    vault: text(isVaultName),
    type: oneOf(['secret']),
    name: text(isObjectName),
    version: optional(text(isObjectVersion)),
  }),
  optional: optional(oneOf([true])),
}

const members: Record<keyof AgentConfig, Check> = {
  version: oneOf([contractVersion]),
  containers: listOf(isString),
  files: listOf(shape({ ...wanted, path: isString })),
  env: listOf(
    shape({ ...wanted, variable: text((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) }),
  ),
  fileMode: text((mode) => /^0[0-7]{3}$/.test(mode)),
  refreshSeconds: isSeconds,
  timeoutSeconds: isSeconds,
  onDeleted: oneOf(onDeletedChoices),
  notify: optional(text((url) => /^http:\/\/127\.0\.0\.1:\d{1,5}\//.test(url))),
  logLevel: oneOf(logLevels),
  identity: shape({
    clientId: optional(isString),
    tenantId: optional(isString),
    defaultTenantId: optional(isString),
  }),
  cloud: shape({
    authorityHost: text((url) => url.startsWith('https://')),
    vaultUrl: text((url) => url.startsWith('https://') && url.includes('{vault}')),
    audience: text((url) => url.startsWith('https://')),
    ca: optional(isString),
  }),
}
