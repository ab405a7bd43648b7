import type { AgentConfig } from '../../../delivery/contract.ts'
import { configVariable } from '../../../delivery/contract.ts'
import { decodeConfig } from '../../../delivery/decode-config.ts'
import { printable } from '../../../lib/printable.ts'
import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentMounts } from '../../../webhook/core/injection/agent-container.ts'
import { isOurVolume, wantedVolumes } from '../../../webhook/core/injection/volumes.ts'
import { agentName, identityVolume } from '../../../webhook/core/model/our-names.ts'
import { type AgentImages, isAgentImage } from './agent-images.ts'

/** A pod's container with the agent's name. Only if it is ours, its log is trusted. */
export type InjectedAgent =
  | { readonly kind: 'ours'; readonly config: AgentConfig }
  /** It may be an agent, such as one of a newer version. `config`: its configuration, if that can be read */
  | { readonly kind: 'not-ours'; readonly why: string; readonly config?: AgentConfig }
  /** Apart from its name, nothing about it is like an agent. */
  | { readonly kind: 'unrelated'; readonly why: string; readonly config?: undefined }

/** Members of a container that can't change what runs in it. All others might. */
const harmlessMembers: ReadonlySet<string> = new Set([
  'name',
  'image',
  'imagePullPolicy',
  'args',
  'restartPolicy',
  'startupProbe',
  'livenessProbe',
  'readinessProbe',
  'lifecycle',
  'ports',
  'env',
  'resources',
  'resizePolicy',
  'securityContext',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'volumeMounts',
])
/** Variables that make Node.js, the dynamic loader or OpenSSL run other code or trust other certificates. */
const changesWhatRuns = /^(?:NODE_|LD_|GLIBC_|OPENSSL_|SSL_|UV_|PATH$)/i
/** The folder in which the API server and other webhooks mount tokens. */
const tokenFolder = '/var/run/secrets/'
/** The program in the image that waits for a path (init-agent/await-files.ts). */
const probeProgram = '/usr/bin/test'

/**
 * Reads the agent of a pod, and compares its container with the one that the webhook's code would make from its
 * configuration. Anybody who creates pods can write such a container, so this protects only against mistakes, and
 * against containers that happen to have the agent's name.
 *
 * @param pod - an object of the API server, unchecked
 * @param images - the images that run the agent; undefined if they aren't known
 * @returns undefined if the pod has no container of the agent's name
 */
export function injectedAgent(
  pod: unknown,
  { images }: { readonly images?: AgentImages | undefined } = {},
): InjectedAgent | undefined {
  const container = objectsAt(pod, 'spec', 'initContainers').find(
    (container) => container['name'] === agentName,
  )
  if (container === undefined) return undefined
  if (isUnrelated(pod, { container, images })) return unrelated
  const encoded = encodedConfig(container)
  if (encoded === undefined) return notOurs(`it has no ${configVariable}`)
  const decoded = decodeConfig(encoded)
  if (decoded.kind === 'invalid') return notOurs(decoded.problem)
  const config = decoded.value
  const why =
    difference(container, config) ?? wrongVolume(pod, config) ?? otherImage(container, images)
  return why === undefined ? { kind: 'ours', config } : { kind: 'not-ours', why, config }
}

const unrelated: InjectedAgent = {
  kind: 'unrelated',
  why: 'its container akv-injector has another image, no configuration and no identity volume of an agent',
}

/** If its image, its configuration or its identity volume could be an agent's, the container counts as one. */
function isUnrelated(
  pod: unknown,
  {
    container,
    images,
  }: { readonly container: JsonObject; readonly images: AgentImages | undefined },
): boolean {
  const hasConfig = objectsAt(container, 'env').some(({ name }) => name === configVariable)
  const hasVolume = [
    ...objectsAt(pod, 'spec', 'volumes'),
    ...objectsAt(container, 'volumeMounts'),
  ].some(({ name }) => name === identityVolume)
  const isOther = images !== undefined && !isAgentImage(images, String(container['image']))
  return isOther && !hasConfig && !hasVolume
}

const notOurs = (why: string): InjectedAgent => ({ kind: 'not-ours', why })

/** Returns the configuration's text. If several variables have its name, there is none. */
function encodedConfig(container: JsonObject): string | undefined {
  const [entry, ...others] = objectsAt(container, 'env').filter(
    ({ name }) => name === configVariable,
  )
  const value = entry?.['value']
  return others.length === 0 && typeof value === 'string' ? value : undefined
}

/** Describes the first thing about the container that the webhook wouldn't have made. */
function difference(container: JsonObject, config: AgentConfig): string | undefined {
  const member = Object.keys(container).find(
    (name) => !harmlessMembers.has(name) && !isEmpty(container[name]),
  )
  if (member !== undefined) return `its container sets ${printable(member)}`
  const { args } = container
  if (!Array.isArray(args) || args.length !== 1 || args[0] !== 'agent')
    return 'the arguments of its container aren’t "agent"'
  return wrongVariable(container) ?? wrongCommand(container) ?? wrongMount(container, config)
}

const isEmpty = (value: unknown): boolean =>
  value == null || value === false || value === '' || (Array.isArray(value) && value.length === 0)

function wrongVariable(container: JsonObject): string | undefined {
  const wrong = objectsAt(container, 'env').find(({ name }) => changesWhatRuns.test(String(name)))
  return wrong && `its container sets the variable ${printable(String(wrong['name']))}`
}

/** Probes and hooks count, too: what the kubelet runs in the container could write to the log. */
function wrongCommand(container: JsonObject): string | undefined {
  const paths = [
    ['startupProbe', 'exec', 'command'],
    ['livenessProbe', 'exec', 'command'],
    ['readinessProbe', 'exec', 'command'],
    ['lifecycle', 'postStart', 'exec', 'command'],
    ['lifecycle', 'preStop', 'exec', 'command'],
  ]
  const wrong = paths.find((path) => {
    const command = valueAt(container, ...path)
    return command !== undefined && valueAt(command, 0) !== probeProgram
  })
  return wrong && `its ${wrong[0]} runs another program`
}

function wrongMount(container: JsonObject, config: AgentConfig): string | undefined {
  const mounts = objectsAt(container, 'volumeMounts')
  const missing = agentMounts(config).find(
    ({ name, mountPath }) =>
      !mounts.some((mount) => mount['mountPath'] === mountPath && mount['name'] === name),
  )
  if (missing) return `its container lacks the mount ${missing.mountPath}`
  const ours = new Set(agentMounts(config).map(({ mountPath }) => mountPath))
  const wrong = mounts.find((mount) => {
    const path = String(mount['mountPath'])
    const isPlain = isEmpty(mount['subPath']) && isEmpty(mount['subPathExpr'])
    return ours.has(path) ? !isPlain : !isTokenPath(path)
  })
  return wrong && `its container has a mount at ${printable(String(wrong['mountPath']))}`
}

/** With a token for another audience, or files elsewhere, the pod's author could make the agent's log say anything. */
function wrongVolume(pod: unknown, config: AgentConfig): string | undefined {
  const volumes = objectsAt(pod, 'spec', 'volumes')
  const wrong = wantedVolumes(config, '').find(
    ({ name }) =>
      !volumes.some(
        (volume) => volume['name'] === name && isOurVolume({ ...volume, name }, config),
      ),
  )
  return wrong && `its volume ${wrong.name} isn’t as the webhook makes it`
}

const isTokenPath = (path: string): boolean =>
  path.startsWith(tokenFolder) && !path.split('/').includes('..')

function otherImage({ image }: JsonObject, images: AgentImages | undefined): string | undefined {
  if (images === undefined || isAgentImage(images, String(image))) return undefined
  return `its image ${printable(String(image), 200)} is neither the webhook’s nor named by --agent-image`
}
