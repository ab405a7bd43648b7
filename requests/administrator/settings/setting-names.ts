import { configVariable } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import { didYouMean } from '../../../lib/problems/did-you-mean.ts'
import type { Problem } from '../../../lib/problems/problem.ts'

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

const settingPrefix = 'AKV_INJECTOR_'

/**
 * All administrator settings (docs/specification.md, "Administrator settings"). Any other variable that begins with
 * {@link settingPrefix} is refused at start.
 */
export const settingNames = [
  'AKV_INJECTOR_AGENT_FAST_START',
  'AKV_INJECTOR_AGENT_HTTPS_PROXY',
  'AKV_INJECTOR_AGENT_IMAGE',
  'AKV_INJECTOR_AGENT_IMAGE_PULL_POLICY',
  'AKV_INJECTOR_AGENT_LIMITS',
  'AKV_INJECTOR_AGENT_METRICS',
  'AKV_INJECTOR_AGENT_NAMES_POD',
  'AKV_INJECTOR_AGENT_NO_PROXY',
  'AKV_INJECTOR_AGENT_REQUESTS',
  'AKV_INJECTOR_ALLOWED_METADATA',
  'AKV_INJECTOR_ALLOWED_VAULTS',
  'AKV_INJECTOR_ALLOW_EXPOSED_AGENTS',
  'AKV_INJECTOR_ALLOW_ROOT',
  'AKV_INJECTOR_AUTHORITY_HOST',
  'AKV_INJECTOR_CA_FILE',
  'AKV_INJECTOR_CLIENT_CA_FILE',
  'AKV_INJECTOR_CLIENT_NAMES',
  'AKV_INJECTOR_CLOUD',
  'AKV_INJECTOR_CSI',
  'AKV_INJECTOR_CSI_REFRESH',
  'AKV_INJECTOR_DEFAULTS_FILE',
  'AKV_INJECTOR_DEFAULT_TENANT_ID',
  'AKV_INJECTOR_DEFAULT_VAULT',
  'AKV_INJECTOR_HEALTH_LISTEN',
  'AKV_INJECTOR_IDENTITY_BINDING',
  'AKV_INJECTOR_IDENTITY_BINDING_CA_FILE',
  'AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME',
  'AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY',
  'AKV_INJECTOR_KUBERNETES_VERSION',
  'AKV_INJECTOR_LISTEN',
  'AKV_INJECTOR_LOG_LEVEL',
  'AKV_INJECTOR_ROLLOUTS_CONCURRENT',
  'AKV_INJECTOR_ROLLOUTS_INTERVAL',
  'AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY',
  'AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL',
  'AKV_INJECTOR_TLS_DIR',
  'AKV_INJECTOR_VAULT_AUDIENCE',
  'AKV_INJECTOR_VAULT_URL',
  'AKV_INJECTOR_VOLUME_SIZE_LIMIT',
] as const
export type SettingName = (typeof settingNames)[number]

/** Reports each unknown name, because a misspelt setting would otherwise silently have no effect. */
export function unknownNames(env: Environment): Problem[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith(settingPrefix) && value !== undefined)
    .filter(([name, value = '']) => !known.has(name) && !isServiceLink(name, value))
    .map(([name]) => ({ path: [printable(name)], sentence: unknownSentence(name) }))
}

function unknownSentence(name: string): string {
  if (name === configVariable)
    return "is set by the webhook for the agent and isn't a setting of the webhook; remove it"
  return `unknown setting; ${didYouMean(name, settingNames)}`
}

/**
 * The kubelet adds variables for every Service of the namespace, unless the pod sets `enableServiceLinks: false`. Those
 * of a Service named `akv-injector…` begin like settings. Their values are checked too, so that a misspelt setting such
 * as `AKV_INJECTOR_LISTEN_PORT=8443` isn't mistaken for one.
 */
function isServiceLink(name: string, value: string): boolean {
  return serviceLinks.some(([names, values]) => names.test(name) && values.test(value))
}

const known: ReadonlySet<string> = new Set(settingNames)
const serviceLinks: readonly (readonly [RegExp, RegExp])[] = [
  [/_SERVICE_HOST$/, /^[0-9A-Fa-f.:]+$/],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT(_\d+_(TCP|UDP|SCTP))?$/, /^(tcp|udp|sctp):\/\//],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PROTO$/, /^(tcp|udp|sctp)$/],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PORT$/, /^\d+$/],
  [/_PORT_\d+_(TCP|UDP|SCTP)_ADDR$/, /^[0-9A-Fa-f.:]+$/],
]
