import type { TokenProxySettings } from '../../../lib/identity-binding/token-proxy.ts'
import { type LogLevel, logLevels } from '../../../lib/log/log-level.ts'
import { allInvalid, type Checked, valid } from '../../../lib/problems/parsed.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import type { ListenAddress } from '../../../lib/server/listen-address.ts'
import { withoutAbsent } from '../../../lib/shape.ts'
import { parseBoolean } from '../../../lib/values/parse-boolean.ts'
import { parseChoice } from '../../../lib/values/parse-choice.ts'
import { parseUuid } from '../../../lib/values/parse-uuid.ts'
import { parseAmounts, resourcesAbove } from '../../../lib/values/quantity.ts'
import { versionLabel } from '../../../lib/version.ts'
import { firstEnvMinor } from '../../annotations/env-problems.ts'
import { podSettings } from '../../annotations/pod-settings.ts'
import { excessiveDefaults } from '../defaults/namespace-policy.ts'
import { readTeamDefaults } from '../defaults/read-team-defaults.ts'
import type { Policy } from '../policy.ts'
import {
  parseAllowedMetadata,
  parseAllowedVaults,
  parseClientNames,
  parseFile,
  parseFolder,
  parseImage,
  parseKubernetesMinor,
  parseListen,
  parseNoProxy,
  parseProxy,
  parseSize,
  parseVaultName,
} from './parse-setting-values.ts'
import { readCloud } from './read-cloud.ts'
import { readTokenProxy } from './read-token-proxy.ts'
import { type Environment, unknownNames } from './setting-names.ts'
import { type SettingReader, settingReader } from './setting-reader.ts'

/**
 * The namespaces in which the administrator has volumes of the CSI driver served. The webhook configuration selects them; the
 * webhook itself only needs to know whether there are any.
 */
const csiModes = ['none', 'labelled', 'all'] as const
export type CsiMode = (typeof csiModes)[number]

/** The administrator's settings (docs/specification.md, "Administrator settings"), checked and complete. */
export interface Settings {
  readonly policy: Policy
  readonly listen: ListenAddress
  readonly healthListen: ListenAddress
  /** The folder of `tls.crt` and `tls.key`. */
  readonly tlsDir: string
  /** Which callers are accepted, by their certificates. Absent: anybody. */
  readonly clients?: {
    /** A PEM file with the certificates of authorities. */
    readonly caFile: string
    /** Accepted common names and DNS names; an empty list accepts any. */
    readonly names: readonly string[]
  }
  /** The file with the defaults of namespaces, which can change. Absent: there are none. */
  readonly defaultsFile?: string
  /** Where to look for the token proxy of identity bindings. Absent: they are turned off. */
  readonly tokenProxy?: TokenProxySettings
  /** The namespaces in which volumes of the CSI driver are served. */
  readonly csi: CsiMode
  /** The webhook's own level. The agent's is `info`, unless an annotation changes it. */
  readonly logLevel: LogLevel
}

interface ReadSettingsOptions {
  readonly env: Environment
  /** Gives the text of the file that AKV_INJECTOR_CA_FILE names; may throw. */
  readonly readFile: (path: string) => string
  /**
   * Replaces an absent AKV_INJECTOR_AGENT_IMAGE, for commands such as `check` that run no pod. Without it the setting is
   * required.
   */
  readonly agentImage?: string
}

/** All problems are reported at once, so that administrators need not start the webhook once for each mistake. */
export type ReadSettings = Checked<Settings, Problem>

/** Reads `AKV_INJECTOR_*`. An empty value counts as a value: only an absent setting gets its default. */
export function readSettings({ env, readFile, agentImage }: ReadSettingsOptions): ReadSettings {
  const image = agentImage === undefined ? {} : { AKV_INJECTOR_AGENT_IMAGE: agentImage }
  const reader = settingReader({ ...image, ...env })
  const clients = readClients(reader)
  const tokenProxy = readTokenProxy(reader)
  const settings: Settings = Object.freeze({
    policy: Object.freeze({
      ...readPolicy(reader, readFile),
      ...(tokenProxy && { tokenProxy: notYetFound }),
    }),
    listen: reader.optional('AKV_INJECTOR_LISTEN', parseListen) ?? defaults.listen,
    healthListen:
      reader.optional('AKV_INJECTOR_HEALTH_LISTEN', parseListen) ?? defaults.healthListen,
    tlsDir: reader.optional('AKV_INJECTOR_TLS_DIR', parseFolder) ?? defaults.tlsDir,
    ...(clients && { clients }),
    ...(tokenProxy && { tokenProxy }),
    ...(env['AKV_INJECTOR_DEFAULTS_FILE'] !== undefined && {
      defaultsFile: env['AKV_INJECTOR_DEFAULTS_FILE'],
    }),
    csi: reader.optional('AKV_INJECTOR_CSI', parseChoice(csiModes)) ?? 'none',
    logLevel: reader.optional('AKV_INJECTOR_LOG_LEVEL', parseChoice(logLevels)) ?? 'info',
  })
  const mistakes = [...unknownNames(env), ...reader.problems]
  const problems = mistakes.length > 0 ? mistakes : contradictions(settings.policy)
  return problems.length > 0 ? allInvalid(problems) : valid(settings)
}

function readPolicy(reader: SettingReader, readFile: (path: string) => string): Policy {
  return {
    versionLabel,
    agentImage:
      reader.required({
        name: 'AKV_INJECTOR_AGENT_IMAGE',
        parse: parseImage,
        sentence: 'is required: the image of the agent to inject',
      }) ?? '',
    agentProxy: withoutAbsent({
      url: reader.optional('AKV_INJECTOR_AGENT_HTTPS_PROXY', parseProxy),
      exceptions: reader.optional('AKV_INJECTOR_AGENT_NO_PROXY', parseNoProxy),
    }),
    ...readCloud(reader, readFile),
    ...withoutAbsent({
      agentImagePullPolicy: reader.optional(
        'AKV_INJECTOR_AGENT_IMAGE_PULL_POLICY',
        parsePullPolicy,
      ),
      defaultVault: reader.optional('AKV_INJECTOR_DEFAULT_VAULT', parseVaultName),
      defaultTenantId: reader.optional('AKV_INJECTOR_DEFAULT_TENANT_ID', parseUuid),
      allowedMetadata: reader.optional('AKV_INJECTOR_ALLOWED_METADATA', parseAllowedMetadata),
      allowedVaults: reader.optional('AKV_INJECTOR_ALLOWED_VAULTS', parseAllowedVaults),
      kubernetesMinor: reader.optional('AKV_INJECTOR_KUBERNETES_VERSION', parseKubernetesMinor),
      teamDefaults: reader.optional('AKV_INJECTOR_DEFAULTS_FILE', (path) =>
        readTeamDefaults(path, readFile),
      ),
    }),
    allowExposedAgents: reader.optional('AKV_INJECTOR_ALLOW_EXPOSED_AGENTS', parseBoolean) ?? false,
    allowRoot: reader.optional('AKV_INJECTOR_ALLOW_ROOT', parseBoolean) ?? false,
    fastStart: reader.optional('AKV_INJECTOR_AGENT_FAST_START', parseBoolean) ?? false,
    agentRequests:
      reader.optional('AKV_INJECTOR_AGENT_REQUESTS', parseAmounts) ?? defaults.agentRequests,
    agentLimits: reader.optional('AKV_INJECTOR_AGENT_LIMITS', parseAmounts) ?? defaults.agentLimits,
    volumeSizeLimit:
      reader.optional('AKV_INJECTOR_VOLUME_SIZE_LIMIT', parseSize) ?? defaults.volumeSizeLimit,
    metricsPort: reader.optional('AKV_INJECTOR_AGENT_METRICS', podSettings.metrics) ?? 0,
    namesPods: reader.optional('AKV_INJECTOR_AGENT_NAMES_POD', parseBoolean) ?? false,
    agentLogLevel: 'info',
    csiRefreshSeconds: reader.optional('AKV_INJECTOR_CSI_REFRESH', podSettings.refresh) ?? 0,
  }
}

function readClients(reader: SettingReader): Settings['clients'] {
  const caFile = reader.optional('AKV_INJECTOR_CLIENT_CA_FILE', parseFile)
  const names = reader.optional('AKV_INJECTOR_CLIENT_NAMES', parseClientNames)
  if (caFile !== undefined) return { caFile, names: names ?? [] }
  reader.refuse(
    'AKV_INJECTOR_CLIENT_NAMES',
    'is used only with AKV_INJECTOR_CLIENT_CA_FILE, so any caller would be accepted; set both',
  )
  return undefined
}

const contradictions = (policy: Policy): Problem[] => [
  ...excessiveRequests(policy),
  ...excessiveDefaults(policy).map((sentence) => ({
    path: ['AKV_INJECTOR_DEFAULTS_FILE'],
    sentence,
  })),
  ...tooOldForStartGate(policy),
]

/** An older kubelet would leave the variable empty, and start the container before its files are there. */
function tooOldForStartGate({ fastStart, kubernetesMinor = firstEnvMinor }: Policy): Problem[] {
  if (!fastStart || kubernetesMinor >= firstEnvMinor) return []
  return [
    {
      path: ['AKV_INJECTOR_AGENT_FAST_START'],
      found: 'true',
      sentence: `needs Kubernetes 1.${firstEnvMinor} or later on every node, but pods run on 1.${kubernetesMinor} (AKV_INJECTOR_KUBERNETES_VERSION); containers would start without their files. Remove the setting`,
    },
  ]
}

/** Every pod would fail. */
const excessiveRequests = ({ agentRequests, agentLimits }: Policy): Problem[] =>
  resourcesAbove(agentRequests, agentLimits).map((resource) => ({
    path: ['AKV_INJECTOR_AGENT_LIMITS'],
    found: `${resource}=${agentLimits[resource]}`,
    sentence: `is less than the request in AKV_INJECTOR_AGENT_REQUESTS (${resource}=${agentRequests[resource]})`,
  }))

/** Until the webhook or the controller has asked the API server. */
const notYetFound = { kind: 'unknown', reason: 'the API server has not been asked yet' } as const

const parsePullPolicy = parseChoice(['Always', 'IfNotPresent', 'Never'])

const defaults = {
  listen: { host: '0.0.0.0', port: 8443 },
  healthListen: { host: '0.0.0.0', port: 8080 },
  tlsDir: '/etc/akv-injector/tls',
  agentRequests: { cpu: '10m', memory: '16Mi' },
  agentLimits: { memory: '160Mi' },
  volumeSizeLimit: '16Mi',
} as const
