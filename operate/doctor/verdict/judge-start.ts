import { countOf } from '../../../lib/count-of.ts'
import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'
import { waitsForItsTurn } from '../../cluster/pods/container-state.ts'
import { labelsOf } from '../model/label-selector.ts'
import { conditionOf, oneLine, textAt } from '../model/objects.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import {
  readAbsentDriver,
  readMissing,
  readMissingKey,
  readVolumes,
} from './facts/others-sentences.ts'
import type { PodContainer } from './facts/pod-containers.ts'
import { ageOfObject, eventsOfPod } from './facts/pod-events.ts'
import type { PodFault } from './fault.ts'
import { nodeFault } from './judge-node.ts'
import { faultOfMissing } from './missing-reference.ts'

/** A start takes a second or two, a mount or a pull longer. */
const usualStartMs = 60_000

const mountReasons: ReadonlySet<string> = new Set([
  'FailedMount',
  'FailedAttachVolume',
  'FailedMapVolume',
])

/** Why a container that the kubelet may start by now doesn't start: volumes, the sandbox, an image. */
export function startFault(container: PodContainer | undefined, judged: JudgedPod): PodFault {
  const { pod, nowMs, events } = judged
  const isSetUp = conditionOf(pod, 'PodReadyToStartContainers')['status'] === 'True'
  const newest = isSetUp ? [] : eventsOfPod(judged)
  const mounts = newest.filter((event) => mountReasons.has(textAt(event, 'reason')))
  if (mounts.length > 0) return mountFault(mounts, judged)
  const sandbox = newest.find((event) =>
    ['FailedCreatePodSandBox', 'NetworkNotReady'].includes(textAt(event, 'reason')),
  )
  if (sandbox !== undefined)
    return {
      ...{ kind: 'kubelet', code: 'SandboxFailed', isFailing: true },
      message: textAt(sandbox, 'message'),
    }
  const ageMs = nowMs - waitsSinceMs(judged)
  const seconds = Math.max(0, Math.round(ageMs / 1000))
  const node = nodeFault(judged)
  if (ageMs <= usualStartMs) return starting(container, seconds)
  if (node !== undefined) return node
  if (events === undefined)
    return {
      ...{ kind: 'unknown', code: 'Starting', isFailing: false },
      because: `${nameIn(container)} hasn’t started for ${countOf(seconds, 'second')}, and events may not be read`,
      right: 'list events',
      rightIn: judged.namespace,
    }
  const pulling = eventsOfPod(judged).find((event) => /^Pull/.test(textAt(event, 'reason')))
  if (textAt(pulling, 'reason') === 'Pulling')
    return {
      ...starting(container, seconds),
      because: `the kubelet is pulling an image: ${oneLine(textAt(pulling, 'message'))}`,
    }
  return {
    ...{ kind: 'unknown', code: 'Starting', isFailing: false },
    because: `${nameIn(container)} hasn’t started for ${countOf(seconds, 'second')}, and no event says why`,
  }
}

/** Since when nothing has started: a container before it may have run for long. */
const waitsSinceMs = ({ pod, containers, nowMs }: JudgedPod): number =>
  Math.max(
    nowMs - ageOfObject(pod, nowMs),
    ...containers.flatMap(({ state }) => [
      ...(state?.startedAtMs === undefined ? [] : [state.startedAtMs]),
      ...(state?.ended === undefined || Number.isNaN(state.ended.finishedAtMs)
        ? []
        : [state.ended.finishedAtMs]),
    ]),
  )

const nameIn = (container: PodContainer | undefined): string =>
  container === undefined ? 'the pod' : `container ${container.name}`

const starting = (container: PodContainer | undefined, seconds: number): PodFault => ({
  ...{ kind: 'starting', code: 'Starting', isFailing: false, seconds },
  ...(container === undefined
    ? { because: 'the kubelet is starting the pod' }
    : { container: container.name }),
})

/** Whether the kubelet may start a container by now, or hasn't yet. */
export const waitsForKubelet = ({ state }: PodContainer): boolean =>
  state === undefined ||
  (state.kind === 'waiting' &&
    state.ended === undefined &&
    (state.reason === undefined || waitsForItsTurn(state.reason)))

/** An init container that runs, and the others wait for it. */
export function runningInitFault(
  { name, role, state }: PodContainer,
  { nowMs }: JudgedPod,
): PodFault | undefined {
  if (role !== 'init' || state?.kind !== 'running') return undefined
  const seconds = Math.round((nowMs - (state.startedAtMs ?? nowMs)) / 1000)
  return {
    ...{
      kind: 'starting',
      code: 'Starting',
      isFailing: false,
      container: name,
      isInit: true,
      seconds,
    },
    because: `init container ${name} has been running for ${seconds} s, and the next containers wait for it`,
  }
}

/** The newest event that says more than that it takes long. */
function mountFault(mounts: readonly JsonObject[], judged: JudgedPod): PodFault {
  const sentences = mounts.map((event) => textAt(event, 'message'))
  const sentence =
    sentences.find((one) => !/timed out waiting for the condition/.test(one)) ?? sentences[0] ?? ''
  const [volume = ''] = readVolumes(sentence)
  const said = { isFailing: true, volume, message: detailOf(sentence) } as const
  if (judged.ourVolumes.includes(volume))
    return {
      ...{ kind: 'unknown', code: 'VolumeNotMounted', ...said },
      because: `the kubelet hasn’t mounted volume ${volume}, which the webhook adds: ${said.message}`,
    }
  const declared = objectsAt(judged.pod, 'spec', 'volumes').find((one) => one['name'] === volume)
  if (readAbsentDriver(sentence) !== undefined && isDriverVolume(declared))
    return driverFault(volume, judged)
  const missing = readMissing(sentence) ?? missingKey(sentence, declared)
  if (missing !== undefined) return { ...faultOfMissing(missing, judged), volume }
  return { kind: 'kubelet', code: 'VolumeNotMounted', ...said }
}

/** Without the words that every such event begins with. */
const detailOf = (sentence: string): string =>
  oneLine(sentence).replace(/^\S+ failed for volume "[^"]+" ?: /, '')

/** The kubelet names the key, and the volume's declaration its object. */
function missingKey(
  sentence: string,
  declared: JsonObject | undefined,
): ReturnType<typeof readMissing> {
  const key = readMissingKey(sentence)
  const secret = textAt(declared, 'secret', 'secretName')
  const configMap = textAt(declared, 'configMap', 'name')
  if (key === undefined || (secret === '' && configMap === '')) return undefined
  return secret === ''
    ? { kind: 'ConfigMap', name: configMap, key }
    : { kind: 'Secret', name: secret, key }
}

const csiLabel = `${annotationPrefix}csi`

/**
 * A volume of the CSI driver on a node that doesn't have the driver. The webhook would serve it, if the administrator has turned
 * that on and the namespace has the label.
 */
function driverFault(volume: string, judged: JudgedPod): PodFault {
  const { volumesServed, namespaceObject, namespace } = judged
  const absent = `volume ${volume} needs the Secrets Store CSI Driver, which the node doesn’t have`
  const base = { code: 'DriverAbsent', isFailing: true, volume } as const
  const isUnlabelled = namespaceObject && labelsOf(namespaceObject)[csiLabel] !== 'true'
  switch (volumesServed) {
    case 'nowhere':
      return {
        ...base,
        kind: 'cluster',
        because: `${absent}, and akv-injector isn’t set up to serve such volumes (csi.namespaces)`,
      }
    case 'elsewhere':
      return {
        ...base,
        kind: 'us',
        because: `${absent}, and akv-injector serves it only in namespaces with the label ${csiLabel}: "true", which ${namespace} lacks`,
      }
    case 'here':
      return {
        ...base,
        kind: 'us',
        because: `${absent}, and the pod is older than the namespace’s label ${csiLabel}, or the webhook wasn’t called for it`,
      }
    default:
      return {
        ...base,
        kind: 'unknown',
        because: `${absent}${isUnlabelled ? `, and namespace ${namespace} lacks the label ${csiLabel}: "true", with which akv-injector may serve it` : ''}; whether akv-injector serves such volumes isn’t known`,
        right: 'list mutatingwebhookconfigurations',
      }
  }
}
