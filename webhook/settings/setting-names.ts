import { closestMatch } from 'leven'
import { configVariable } from '../../init-agent/contract.ts'
import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'

/** The process environment, or what stands in for it. */
export type Environment = Readonly<Record<string, string | undefined>>

export const settingPrefix = 'AKV_INJECTOR_'

/**
 * Every operator setting (docs/specification.md, "Operator settings"). What else begins with {@link settingPrefix} is
 * refused at start.
 */
export const settingNames = [
  'AKV_INJECTOR_AGENT_IMAGE',
  'AKV_INJECTOR_AGENT_IMAGE_PULL_POLICY',
  'AKV_INJECTOR_AGENT_LIMITS',
  'AKV_INJECTOR_AGENT_REQUESTS',
  'AKV_INJECTOR_ALLOWED_VAULTS',
  'AKV_INJECTOR_ALLOW_ROOT',
  'AKV_INJECTOR_AUTHORITY_HOST',
  'AKV_INJECTOR_CA_FILE',
  'AKV_INJECTOR_CLOUD',
  'AKV_INJECTOR_DEFAULT_TENANT_ID',
  'AKV_INJECTOR_DEFAULT_VAULT',
  'AKV_INJECTOR_HEALTH_LISTEN',
  'AKV_INJECTOR_LISTEN',
  'AKV_INJECTOR_LOG_LEVEL',
  'AKV_INJECTOR_TLS_DIR',
  'AKV_INJECTOR_VAULT_AUDIENCE',
  'AKV_INJECTOR_VAULT_URL',
  'AKV_INJECTOR_VOLUME_SIZE_LIMIT',
] as const
export type SettingName = (typeof settingNames)[number]

/** A misspelt setting must not be a setting that silently isn't there: each unknown name is a problem. */
export function unknownNames(env: Environment): Problem[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith(settingPrefix) && value !== undefined)
    .filter(([name, value = '']) => !known.has(name) && !isServiceLink(name, value))
    .map(([name]) => ({ subject: printable(name), sentence: unknownSentence(name) }))
}

function unknownSentence(name: string): string {
  if (name === configVariable)
    return 'is what the webhook hands to the agent, not a setting of the webhook; remove it'
  const nearest =
    name.length <= maxComparedLength ? closestMatch(name.toUpperCase(), settingNames) : undefined
  return nearest === undefined
    ? `is no setting; the settings are ${settingNames.join(', ')}`
    : `is no setting; the nearest is ${nearest}`
}

/**
 * The kubelet describes every Service of the namespace in variables of its own, unless the pod sets
 * `enableServiceLinks: false`; those of a Service named `akv-injector…` begin like a setting and are none.
 * Their values are looked at too, so that a misspelt setting such as `AKV_INJECTOR_LISTEN_PORT=8443` isn't taken for one.
 */
function isServiceLink(name: string, value: string): boolean {
  return serviceLinks.some(([names, values]) => names.test(name) && values.test(value))
}

const known: ReadonlySet<string> = new Set(settingNames)
const maxComparedLength = 80
const serviceLinks: readonly (readonly [RegExp, RegExp])[] = [
  [/_SERVICE_HOST$/, /^[0-9A-Fa-f.:]+$/],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT(_\d+_(TCP|UDP|SCTP))?$/, /^(tcp|udp|sctp):\/\//],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PROTO$/, /^(tcp|udp|sctp)$/],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PORT$/, /^\d+$/],
  [/_PORT_\d+_(TCP|UDP|SCTP)_ADDR$/, /^[0-9A-Fa-f.:]+$/],
]
