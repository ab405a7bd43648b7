/** Reads the agent's configuration, and checks every member of it. Pure: the webhook reads a pod's configuration too. */

import {
  isNamePattern,
  isObjectName,
  isObjectVersion,
  isVaultName,
  objectTypes,
} from '../keyvault/reference.ts'
import { logLevels } from '../lib/log/log-level.ts'
import { isName, labelName, subdomainName } from '../lib/name-rules.ts'
import { printable } from '../lib/printable.ts'
import { invalid, type Parsed, valid } from '../lib/problems/parsed.ts'
import {
  type Accepted,
  type Check,
  isObject,
  listOf,
  mapOf,
  matches,
  number,
  object,
  oneOf,
  optional,
  string,
} from '../lib/shape.ts'
import {
  type AgentConfig,
  configVariable,
  contractVersion,
  isMetricsPort,
  isNotifyUrl,
  isVariableName,
  maxConfigBytes,
  maxFinds,
  maxServedVolumes,
  objectEncodings,
  onDeletedChoices,
  versionOf,
} from './contract.ts'

type DecodedConfig = Parsed<AgentConfig> & { readonly isNewer?: true }

/**
 * Reads what `encodeConfig` wrote. Checks it, because the container may have been added by hand.
 *
 * @returns the configuration, or a problem that names the member. `isNewer`: only a newer agent can read it.
 */
export function decodeConfig(json: string): DecodedConfig {
  // In UTF-8, every character takes at least one byte.
  if (json.length > maxConfigBytes)
    return invalid(`${configVariable} is larger than ${maxConfigBytes} bytes`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return invalid(`${configVariable} is not JSON`)
  }
  if (!isObject(value)) return invalid(`${configVariable} is not a JSON object`)
  const version = value['version']
  if (typeof version === 'number' && version > contractVersion)
    return {
      isNewer: true,
      ...invalid(
        `${configVariable} has version ${version}, but this agent knows only ${contractVersion}: the webhook is newer than AKV_INJECTOR_AGENT_IMAGE`,
      ),
    }
  if (!matches(config, value)) return wrongMember(config(value) ?? '')
  const wrong = wrongMemberOf(value)
  return wrong === undefined ? valid(value) : wrongMember(wrong)
}

const wrongMember = (path: string) =>
  invalid(`${configVariable}: "${printable(path.slice(1))}" is missing or wrong`)

const named = {
  vault: string(isVaultName),
  name: string(isObjectName),
  version: optional(string(isObjectVersion)),
}
const wanted = {
  object: object({ ...named, type: oneOf(objectTypes) }),
  optional: optional(oneOf([true])),
  property: optional(string((property) => property !== '')),
  encoding: optional(oneOf(objectEncodings)),
}
const mode = string((digits) => /^0[0-7]{3}$/.test(digits))
const wantedValue = object(wanted)
const segment: Check<string | Accepted<typeof wantedValue>> = (value) =>
  typeof value === 'string' ? undefined : wantedValue(value)
const seconds = number((value) => value >= 0)
const httpsUrl = string((url) => url.startsWith('https://'))

const isServerName = (name: string) => isName(name, subdomainName)

const config: Check<AgentConfig> = object({
  version: oneOf([1, 2, 3, 4, 5, 6, 7]),
  containers: listOf(string()),
  volumes: optional(
    listOf(
      object({
        name: string((name) => isName(name, labelName)),
        class: string((name) => isName(name, subdomainName)),
      }),
    ),
  ),
  files: listOf(
    object({
      ...wanted,
      path: string(),
      mode: optional(mode),
      format: optional(oneOf(['pem'])),
      password: optional(object({ ...named, type: oneOf(['secret']) })),
      versions: optional(number((count) => Number.isSafeInteger(count) && count > 0)),
      volume: optional(string()),
    }),
  ),
  finds: optional(
    listOf(
      object({
        path: string(),
        vault: string(isVaultName),
        pattern: string(isNamePattern),
        tags: optional(mapOf(string())),
        includesCertificates: optional(oneOf([true])),
        optional: optional(oneOf([true])),
      }),
    ),
  ),
  templates: listOf(
    object({
      path: string(),
      segments: listOf(segment),
    }),
  ),
  env: listOf(object({ ...wanted, variable: string(isVariableName) })),
  fileMode: mode,
  refreshSeconds: seconds,
  timeoutSeconds: seconds,
  outlastsOutages: optional(oneOf([true])),
  onDeleted: oneOf(onDeletedChoices),
  notify: optional(string(isNotifyUrl)),
  staleAfterSeconds: optional(number((value) => value > 0)),
  opensGate: optional(oneOf([true])),
  metricsPort: optional(number(isMetricsPort)),
  logLevel: oneOf(logLevels),
  identity: object({
    clientId: optional(string()),
    tenantId: optional(string()),
    defaultClientId: optional(string()),
    defaultTenantId: optional(string()),
  }),
  defaults: optional(mapOf(string())),
  cloud: object({
    authorityHost: httpsUrl,
    vaultUrl: string((url) => url.startsWith('https://') && url.includes('{vault}')),
    audience: httpsUrl,
    ca: optional(string()),
  }),
  namesPod: optional(oneOf([true])),
  tokenProxy: optional(object({ url: httpsUrl, serverName: string(isServerName), ca: string() })),
} satisfies Record<keyof AgentConfig, Check<unknown>>)

/** The path to the first member that doesn't fit the others, or undefined if all do. */
function wrongMemberOf(config: AgentConfig): string | undefined {
  const { version, volumes, files, finds } = config
  if (version !== versionOf(config)) return '.version'
  if (volumes?.length === 0 || (volumes?.length ?? 0) > maxServedVolumes) return '.volumes'
  if (finds?.length === 0 || (finds?.length ?? 0) > maxFinds) return '.finds'
  const names = new Set<string>()
  for (const [index, { name }] of volumes?.entries() ?? []) {
    if (names.has(name)) return `.volumes[${index}].name`
    names.add(name)
  }
  const unknown = files.findIndex(({ volume }) => volume !== undefined && !names.has(volume))
  return unknown < 0 ? undefined : `.files[${unknown}].volume`
}
