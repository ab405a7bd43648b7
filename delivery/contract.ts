/** The configuration that the webhook writes to `AKV_INJECTOR_CONFIG` and the agent reads. Pure: both import this file. */

import type { ObjectReference } from '../keyvault/reference.ts'
import { bindingAudience, type TokenAudience, tokenAudience } from '../lib/azure/token-audience.ts'
import type { TokenProxy } from '../lib/identity-binding/token-proxy.ts'
import type { LogLevel } from '../lib/log/log-level.ts'

/**
 * The newest version that this agent reads. Increases with every change that an older agent would misread: version 2
 * brought {@link AgentConfig.volumes}, version 3 {@link AgentConfig.staleAfterSeconds}, version 4
 * {@link AgentConfig.opensGate}, version 5 {@link AgentConfig.tokenProxy}, version 6 {@link WantedFile.password}, and version 7
 * {@link AgentConfig.finds}.
 */
export const contractVersion = 7

/** The lowest version that has what the configuration uses, so that older agents still read what they can. */
export function versionOf(
  config: Pick<
    AgentConfig,
    'volumes' | 'staleAfterSeconds' | 'opensGate' | 'tokenProxy' | 'files' | 'finds'
  >,
): 1 | 2 | 3 | 4 | 5 | 6 | 7 {
  if (config.finds) return 7
  if (config.files.some(({ password }) => password !== undefined)) return 6
  if (config.tokenProxy) return 5
  if (config.opensGate) return 4
  if (config.staleAfterSeconds !== undefined) return 3
  return config.volumes === undefined ? 1 : 2
}

/** The environment variable of the agent's container that holds the configuration. */
export const configVariable = 'AKV_INJECTOR_CONFIG'
/** Linux allows 128 KiB for one string of the environment. This leaves a margin. */
export const maxConfigBytes = 96 * 1024

/** The file that the kubelet reads after a container has ended. */
export const defaultTerminationLog = '/dev/termination-log'

/** Where the volumes are mounted inside the agent's container, below its root (`/akv`). */
export const agentRoot = '/akv'
export const filesFolder = 'files'
export const envFolder = 'env'
export const identityFolder = 'identity'
/** Contains the folder of each served volume. */
export const csiFolder = 'csi'

export const servedFolder = (volume: string): string => `${csiFolder}/${volume}`

/** In {@link envFolder}, the file that EnvFiles read; in {@link identityFolder}, the federated token. */
export const envFileName = 'env'
export const tokenFileName = 'token'

/** The annotation with which a person asks a running agent to refresh, and the file in {@link identityFolder} that has its text. */
export const refreshNowKey = 'refresh-now'

/** The link to a volume's current set of files, named as in the kubelet's own volumes. */
export const currentSetLink = '..data'
/** A file beside that link, if the pod has {@link AgentConfig.staleAfterSeconds}: the first while it may be ready, else the second. */
export const freshMark = '..fresh'
export const staleMark = '..stale'

/**
 * If {@link AgentConfig.opensGate}: the variable that each container after the agent reads from a file in
 * {@link envFolder}. The kubelet can't create a container before the file has the variable. It then reports
 * `environment variable key "…" not found in file "…"`, so both names are part of a message. The prefix isn't that of the
 * settings, because akv-injector could run in such a container.
 */
export const startGateVariable = 'AKV_OBJECTS_WRITTEN'
export const startGateFileName = 'see-the-log-of-container-akv-injector'
/** That file, in the agent's container. It is empty until everything is written. */
export const startGatePath = `${agentRoot}/${envFolder}/${startGateFileName}`

/**
 * How many volumes one pod may have served. Each costs the webhook a request to the API server during one review, and
 * the pod a file system in memory. One volume for each vault is the largest use that we know of.
 */
export const maxServedVolumes = 32

/** How long a first fetch may wait for throttling vaults, in addition to its timeout. The probes allow for it. */
export const throttlingAllowanceSeconds = 15 * 60

/** How long a first fetch retries what a person has to mend, such as a role, if the pod has no timeout of its own. */
export const defaultTimeoutSeconds = 15 * 60

/** How long after its deadline the agent ends a first fetch that hangs. */
export const hangGraceSeconds = 30

export const onDeletedChoices = ['keep', 'remove'] as const
type OnDeleted = (typeof onDeletedChoices)[number]

/** The services that the agent may talk to. Only the administrator sets them: no annotation can. */
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

/** A value, and how it is written. */
export interface Wanted extends WantedValue {
  /**
   * `pem`: a certificate's PKCS#12 is written as PEM, as the CSI driver does. Only Secret sync uses the others, and an agent
   * refuses them: the part of that PEM for a key of a TLS Secret, a key as JSON Web Key, a certificate as DER, and the tags
   * and dates of an object instead of its value.
   */
  readonly format?: 'pem' | 'tls.crt' | 'tls.key' | 'jwk' | 'der' | 'tags'
  /** How `property` is looked up. Absent: as in annotations. Only Secret sync uses it, for ExternalSecrets. */
  readonly propertyLookup?: 'gjson'
  /** With `property: "*"`: the property that has the properties. Only Secret sync uses it, for ExternalSecrets. */
  readonly within?: string
  /** How many versions to write, the newest (or the pinned one) as file `0` below the path. */
  readonly versions?: number
  /** The secret whose text is the password of the key store, if the object is of type `pfx`. Absent: an empty password. */
  readonly password?: ObjectReference
  /** A secret that belongs to a certificate counts as absent. Only finds use it, and it isn't part of the configuration. */
  readonly excludesCertificates?: true
  /** Only this one of the `versions` is written, where 0 is the newest. Only Secret sync uses it, for a key of a Secret. */
  readonly versionIndex?: number
}

export interface WantedFile extends Wanted {
  /** Relative to the mount. A folder for type `tls` (`.` is the mount itself), for `property: "*"`, and for `versions`. */
  readonly path: string
  /** Four octal digits. Default: {@link AgentConfig.fileMode}. */
  readonly mode?: string
  /** The name of the served volume that contains `path`. Absent: the volume for our own files. */
  readonly volume?: string
}

/** A volume of the pod that was declared for the Secrets Store CSI Driver. The agent writes its files instead. */
export interface ServedVolume {
  readonly name: string
  /** The SecretProviderClass that the volume's files follow from. The agent ignores it: the webhook's next call needs it. */
  readonly class: string
}

/** Which secrets of a vault a find finds: those that match all of it. Disabled ones are never found. */
export interface SecretPattern {
  /** The name, in which `*` stands for any number of characters. */
  readonly pattern: string
  /** Tags that the secret needs, with exactly these values. */
  readonly tags?: Readonly<Record<string, string>>
  /** Secrets that belong to certificates are found, too. They hold private keys. */
  readonly includesCertificates?: true
}

/** Secrets that are looked for in a vault. Each becomes a file. */
export interface WantedFind extends SecretPattern {
  /** The folder of the files, which are named after the secrets. No other entry writes there. */
  readonly path: string
  readonly vault: string
  /** It isn't an error if the first fetch finds nothing. */
  readonly optional?: true
}

/** How many pages the list of a vault may have. There may be thousands of pods, and the limit of a vault is for all of them together. */
export const maxListedPages = 40
/** Key Vault has at most this many secrets in a page. */
export const secretsInPage = 25

/** How many finds a pod may have. Each is compared with all secrets of its vault in each refresh. */
export const maxFinds = 50

/** A file that combines text and values. */
export interface WantedTemplate {
  readonly path: string
  readonly segments: readonly (string | WantedValue)[]
}

export interface WantedVariable extends WantedValue {
  readonly variable: string
}

export interface AgentConfig {
  /** The result of {@link versionOf}. */
  readonly version: ReturnType<typeof versionOf>
  /** The containers that see the objects. The agent ignores it: it records the webhook's choice. */
  readonly containers: readonly string[]
  /** The served volumes, in the pod's order. Absent if there are none. */
  readonly volumes?: readonly ServedVolume[]
  readonly files: readonly WantedFile[]
  /** Absent if there are none. */
  readonly finds?: readonly WantedFind[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
  /** Four octal digits: `0444`. */
  readonly fileMode: string
  /** 0: fetch once and exit. */
  readonly refreshSeconds: number
  /** How long to keep retrying the first fetch. */
  readonly timeoutSeconds: number
  /** Time in which the network, Entra or a vault is out doesn't count towards the timeout. An older agent ignores it. */
  readonly outlastsOutages?: true
  readonly onDeleted: OnDeleted
  /** `http://127.0.0.1:PORT/PATH`, which gets a POST after each change. */
  readonly notify?: string
  /** A refreshing agent makes the pod unready once its objects have been stale for this long. Absent: never. */
  readonly staleAfterSeconds?: number
  /** A refreshing agent lets the containers after it start by writing {@link startGateVariable}. Absent: a startup probe does. */
  readonly opensGate?: true
  /** The port at which a refreshing agent serves metrics. Absent: none. An older agent ignores it. */
  readonly metricsPort?: number
  readonly logLevel: LogLevel
  /** The annotations set `clientId` and `tenantId`. The administrator sets the defaults, which are used last. */
  readonly identity: {
    readonly clientId?: string
    readonly tenantId?: string
    /** An older agent ignores it, and says that it has no client ID. */
    readonly defaultClientId?: string
    readonly defaultTenantId?: string
  }
  /**
   * The defaults of the namespace that were used, by the names of annotations. The agent ignores it: the webhook's next call keeps
   * them.
   */
  readonly defaults?: Readonly<Record<string, string>>
  readonly cloud: Cloud
  /** Whether Entra and vaults are told the pod's namespace and name. An older agent ignores it. */
  readonly namesPod?: true
  /** Exchanges the token, by an identity binding of AKS. Absent: Entra does. */
  readonly tokenProxy?: TokenProxy
}

/** The audience that the pod's token has. */
export const audienceOf = ({ tokenProxy }: Pick<AgentConfig, 'tokenProxy'>): TokenAudience =>
  tokenProxy === undefined ? tokenAudience : bindingAudience

/** Kubernetes doesn't limit it. Each container that sees the variable repeats its name in the pod. */
export const maxVariableNameLength = 253

/** Whether EnvFiles and shells accept the name of a variable. */
export const isVariableName = (name: string): boolean =>
  name.length <= maxVariableNameLength && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

/** Accepts `http://127.0.0.1:PORT/PATH` only: a literal address and a port, without a user or a fragment. */
export function isNotifyUrl(url: string): boolean {
  const port = /^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})\/[!"$-~]*$/.exec(url)?.[1]
  return port !== undefined && Number(port) <= 65535
}

/**
 * A port that an agent may listen at. The kernel may reserve those below 1024 for root, which the agent isn't.
 */
export const isMetricsPort = (port: number): boolean =>
  Number.isSafeInteger(port) && port >= 1024 && port <= 65_535

/** Whether the agent serves metrics, or watches for stale objects, between two refreshes. Then its process has to stay. */
export const servesBetweenRefreshes = (
  config: Pick<AgentConfig, 'metricsPort' | 'staleAfterSeconds'>,
): boolean => config.metricsPort !== undefined || config.staleAfterSeconds !== undefined

/**
 * From this interval on, the agent waits in a process that loads nothing. A refresh then costs a start, which takes 0.2 s of
 * CPU, for 9 MiB of memory in between (docs/performance.md).
 */
const minWaitingSeconds = 5 * 60

/** Whether a refreshing agent holds what it needs for its work all the time, and not only during a refresh. */
export const worksBetweenRefreshes = (
  config: Pick<AgentConfig, 'refreshSeconds' | 'metricsPort' | 'staleAfterSeconds'>,
): boolean => config.refreshSeconds < minWaitingSeconds || servesBetweenRefreshes(config)

/** Whether the pod gets files of our own, and so a volume for them. */
export const hasFiles = ({
  files,
  finds,
  templates,
}: Pick<AgentConfig, 'files' | 'finds' | 'templates'>): boolean =>
  templates.length > 0 || finds !== undefined || files.some(({ volume }) => volume === undefined)

/** Whether the pod gets a volume that only the kubelet reads, for variables. */
export const hasEnvVolume = ({ env, opensGate }: Pick<AgentConfig, 'env' | 'opensGate'>): boolean =>
  env.length > 0 || opensGate === true

type Targets = Pick<AgentConfig, 'files' | 'finds' | 'templates' | 'env' | 'volumes'>

/**
 * The path in the agent's container that appears last in a first fetch, so the startup probe waits for it.
 */
export const readyPath = (config: Targets): string =>
  `${agentRoot}/${lastFolder(config)}/${currentSetLink}`

/** The path in the agent's container that the readiness probe looks for. */
export const freshPath = (config: Targets): string =>
  `${agentRoot}/${lastFolder(config)}/${freshMark}`

/**
 * The folder of the volume that is switched last, below the agent's root. Volumes are switched in this order: variables, our
 * own files, then the served volumes.
 */
export function lastFolder(config: Targets): string {
  const lastServed = config.volumes?.at(-1)
  const ownFolder = hasFiles(config) ? filesFolder : envFolder
  return lastServed === undefined ? ownFolder : servedFolder(lastServed.name)
}

/** Escapes `$`, because the kubelet expands `$(NAME)` in environment variables. */
export function encodeConfig(config: AgentConfig): string {
  return JSON.stringify(config).replaceAll('$', '\\u0024')
}
