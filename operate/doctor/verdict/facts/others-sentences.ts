/**
 * What the scheduler, the kubelet and the API server say only in sentences. This file is the only one that reads them; it gives
 * fields. A sentence in a form that it doesn't know gives nothing.
 */

import { startGateVariable } from '../../../../delivery/contract.ts'
import { agentName, envVolume, ourVolumes } from '../../../../webhook/core/model/our-names.ts'

/** A Secret or a ConfigMap, or a key of it, that a pod needs. */
export interface MissingReference {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly name: string
  /** Absent: the whole object is missing. */
  readonly key?: string
}

const kindOf = (word: string): MissingReference['kind'] =>
  /^secret/i.test(word) ? 'Secret' : 'ConfigMap'

/** Of `CreateContainerConfigError` and `FailedMount`: `secret "x" not found`, `couldn't find key k in ConfigMap shop/x`. */
export function readMissing(sentence: string): MissingReference | undefined {
  const whole = /\b(secret|configmap)s? "([^"]{1,253})" not found/i.exec(sentence)
  if (whole) return { kind: kindOf(whole[1] ?? ''), name: whole[2] ?? '' }
  const key =
    /couldn't find key (\S{1,253}) in (Secret|ConfigMap) [^/\s]{1,63}\/([\w.-]{1,253})/.exec(
      sentence,
    )
  return key ? { kind: kindOf(key[2] ?? ''), name: key[3] ?? '', key: key[1] ?? '' } : undefined
}

/** Of `FailedMount`: `references non-existent secret key: k`. */
export const readMissingKey = (sentence: string): string | undefined =>
  /references non-existent (?:secret|config) key: (\S{1,253})/.exec(sentence)?.[1]

/** Of `FailedMount` and `FailedAttachVolume`: the volumes that it is about. */
export function readVolumes(sentence: string): readonly string[] {
  const one = /\bfor volume "([^"]{1,253})"/.exec(sentence)?.[1]
  if (one !== undefined) return [one]
  const list = /\bunmounted volumes=\[([^\]]{0,5000})\]/.exec(sentence)?.[1] ?? ''
  return list.split(/[\s,]+/).filter((name) => name !== '')
}

/** Of `FailedMount`: a CSI driver that isn't on the node. */
export const readAbsentDriver = (sentence: string): string | undefined =>
  /driver name (\S{1,253}) not found in the list of registered CSI drivers/.exec(sentence)?.[1]

/** Whether a container waits for what the agent writes: the start gate, or a variable. */
export function readAgentFile(sentence: string): 'startGate' | 'variable' | undefined {
  const [, key, path] =
    /environment variable key "([^"]{1,253})" not found in file "([^"]{1,4096})"/.exec(sentence) ??
    []
  if (key === startGateVariable) return 'startGate'
  return path?.split('/').includes(envVolume) ? 'variable' : undefined
}

/** Whether a sentence names something of ours, so that it may be our fault. */
export const namesOurs = (sentence: string): boolean =>
  [...ourVolumes, `"${agentName}"`, `container ${agentName}`].some((name) =>
    sentence.toLowerCase().includes(name),
  )

/** Whether a refusal names the agent, or an init container, which the agent is. */
export const mayBeAboutAgent = (sentence: string): boolean =>
  namesOurs(sentence) || /\binitContainers\b/.test(sentence)

interface ReadEviction {
  /** An `emptyDir` that holds more than its limit. */
  readonly volume?: string
  /** The containers that used more than they may. */
  readonly overLimit: readonly string[]
  /** Those that used more than they requested, on a node that was low on something. */
  readonly overRequest: readonly string[]
}

/** Of `status.message` of an evicted pod. */
export function readEviction(sentence: string): ReadEviction {
  const volume = /\bEmptyDir volume "([^"]{1,253})" exceeds/.exec(sentence)?.[1]
  const containersAs = (verb: RegExp) => [...sentence.matchAll(verb)].map(([, name = '']) => name)
  return {
    ...(volume !== undefined && { volume }),
    overLimit: containersAs(/\bContainer ([\w.-]{1,253}) exceeded/g),
    overRequest: containersAs(/\bContainer ([\w.-]{1,253}) was using/g),
  }
}

/** Of `PodScheduled`: the resources that no node has enough of. */
export const readInsufficient = (sentence: string): readonly string[] => [
  ...new Set(
    [...sentence.matchAll(/\bInsufficient ([\w./-]{0,252}\w)/g)].map(([, name = '']) => name),
  ),
]

/** Of an event `Unhealthy` or `Killing`: which probe it is about. */
export const readProbe = (sentence: string): 'liveness' | 'readiness' | 'startup' | undefined => {
  const found =
    /\b(liveness|readiness|startup) probe (?:failed|errored|warning)|failed (liveness|startup) probe/i.exec(
      sentence,
    )
  switch ((found?.[1] ?? found?.[2])?.toLowerCase()) {
    case 'liveness':
      return 'liveness'
    case 'readiness':
      return 'readiness'
    case 'startup':
      return 'startup'
    default:
      return undefined
  }
}

/** The container of an event's `involvedObject.fieldPath`: `spec.containers{app}`. */
export const readFieldPath = (path: string): string | undefined =>
  /^spec\.(?:initContainers|containers)\{([^}]{1,253})\}$/.exec(path)?.[1]

/** Why the API server has refused a pod. */
export type RefusedPod =
  /** Our webhook denied it. */
  | { readonly kind: 'denied' }
  /** Our webhook can't be called. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'otherWebhook'; readonly webhook: string }
  /** By a quota: what the pod asks for, and what is left, by resource. */
  | { readonly kind: 'quota'; readonly resources: readonly QuotaUse[] }
  /** By a quota, for each resource: the containers that must name a limit or a request. */
  | { readonly kind: 'unset'; readonly containers: readonly (readonly string[])[] }
  /** By a LimitRange: the amount that it refuses. */
  | { readonly kind: 'limitRange'; readonly amounts: readonly string[] }
  /** By Pod Security, for each rule: the containers that break it. */
  | { readonly kind: 'podSecurity'; readonly containers: readonly (readonly string[])[] }
  | { readonly kind: 'other' }

interface QuotaUse {
  readonly resource: string
  readonly requested: string
  readonly used: string
  readonly limited: string
}

/** Of `FailedCreate` and `ReplicaFailure`. */
export function readRefusal(sentence: string): RefusedPod {
  const denied = /admission webhook "([^"]{1,253})" denied/.exec(sentence)?.[1]
  if (denied !== undefined)
    return isOurWebhook(denied) ? { kind: 'denied' } : { kind: 'otherWebhook', webhook: denied }
  const failed = /failed calling webhook "([^"]{1,253})"/.exec(sentence)?.[1]
  if (failed !== undefined)
    return isOurWebhook(failed)
      ? { kind: 'unreachable' }
      : { kind: 'otherWebhook', webhook: failed }
  if (/exceeded quota:/.test(sentence)) return { kind: 'quota', resources: readQuota(sentence) }
  if (/\bmust specify /.test(sentence))
    return {
      kind: 'unset',
      containers: [...sentence.matchAll(/ for: ([\w.,-]{1,5000})/g)].map(([, list = '']) =>
        list.split(','),
      ),
    }
  const amounts = [
    ...sentence.matchAll(
      /(?:minimum|maximum) \S{1,253} usage per \w+ is [\w.]+, but (?:request|limit) is ([\w.]+)/g,
    ),
  ]
  if (amounts.length > 0)
    return { kind: 'limitRange', amounts: amounts.map(([, amount = '']) => amount) }
  if (/violates PodSecurity/.test(sentence))
    return { kind: 'podSecurity', containers: readContainers(sentence) }
  return { kind: 'other' }
}

const isOurWebhook = (name: string): boolean => /^(?:[\w-]+-)?pods\.akv-injector\.io$/.test(name)

function readQuota(sentence: string): readonly QuotaUse[] {
  const amounts = (word: string) =>
    new Map(
      (new RegExp(`\\b${word}: ([\\w./=,-]{1,2000})`).exec(sentence)?.[1] ?? '')
        .split(',')
        .map((part) => part.split('=') as [string, string?])
        .flatMap(([name, amount]) => (amount === undefined ? [] : [[name, amount] as const])),
    )
  const [used, limited] = [amounts('used'), amounts('limited')]
  return [...amounts('requested')].map(([resource, requested]) => ({
    resource,
    requested,
    used: used.get(resource) ?? '0',
    limited: limited.get(resource) ?? '0',
  }))
}

/** `container "app" must set …; containers "app", "web" must not …`. */
const readContainers = (sentence: string): readonly (readonly string[])[] =>
  [...sentence.matchAll(/\bcontainers? ((?:"[^"]{1,253}"(?:, )?){1,200})/g)].map(([, list = '']) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  )
