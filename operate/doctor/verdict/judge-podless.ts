import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { parseQuantity } from '../../../lib/values/quantity.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { oneLine, templateOf, textAt, timeAt, timeOfEvent } from '../model/objects.ts'
import { type Reviewed, reviewWorkload } from '../model/review-workload.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { agentShare } from './facts/agent-share.ts'
import { mayBeAboutAgent, type RefusedPod, readRefusal } from './facts/others-sentences.ts'
import type { PodFault, PodVerdict } from './fault.ts'

/** What the API server said when a controller could not create pods. */
interface Refusal {
  readonly message: string
  readonly refused: RefusedPod
}

/** Undefined if nothing says so now. */
export function findRefusal({
  object,
  children,
  events = [],
  pods,
}: WorkloadFacts): Refusal | undefined {
  const condition = [object, ...children.slice(0, 1)]
    .flatMap((one) => objectsAt(one, 'status', 'conditions'))
    .find((one) => one['type'] === 'ReplicaFailure' && one['status'] === 'True')
  const newest = events
    .filter((event) => textAt(event, 'reason') === 'FailedCreate')
    .toSorted((a, b) => (timeOfEvent(b) ?? 0) - (timeOfEvent(a) ?? 0))[0]
  const createdMs = Math.max(
    0,
    ...pods.map((pod) => timeAt(pod, 'metadata', 'creationTimestamp') ?? 0),
  )
  const isCurrent =
    newest !== undefined && (timeOfEvent(newest) ?? 0) > createdMs && !hasAllPods(object)
  const message = oneLine(
    (isCurrent ? textAt(newest, 'message') : '') || textAt(condition, 'message'),
  )
  return message === '' ? undefined : { message, refused: readRefusal(message) }
}

/**
 * Whether a workload has as many pods as it should. After it was scaled down, the event about a pod that was refused is the newest
 * for up to an hour. While a Deployment replaces its pods, a condition says that new ones are refused.
 */
function hasAllPods(object: JsonObject): boolean {
  const replicas = valueAt(object, 'spec', 'replicas')
  const [wanted, found = 0] =
    replicas === undefined
      ? ['desiredNumberScheduled', 'currentNumberScheduled'].map((name) =>
          valueAt(object, 'status', name),
        )
      : [replicas, valueAt(object, 'status', 'replicas')]
  return typeof wanted === 'number' && typeof found === 'number' && found >= wanted
}

/** The verdict of a workload whose pods the API server refuses. Undefined if it doesn't. */
export function refusedVerdict(facts: WorkloadFacts): PodVerdict | undefined {
  const refusal = findRefusal(facts)
  if (refusal === undefined) return undefined
  const { message, refused } = refusal
  const reviewed = reviewWorkload({ ...facts, pod: undefined, agent: undefined, config: undefined })
  return {
    ...refusedFault(refused, { message, reviewed, facts }),
    part: reviewed.kind === 'nothing' ? 'none' : 'waiting',
  }
}

interface Refused {
  readonly message: string
  readonly reviewed: Reviewed
  readonly facts: WorkloadFacts
}

function refusedFault(refused: RefusedPod, { message, reviewed, facts }: Refused): PodFault {
  const said = { isFailing: true, message } as const
  const pod = reviewed.kind === 'injected' ? (reviewed.pod as unknown as JsonObject) : undefined
  switch (refused.kind) {
    case 'denied':
      return { kind: 'us', code: 'WebhookDenied', ...said }
    case 'unreachable':
      return { kind: 'us', code: 'WebhookUnreachable', ...said }
    case 'otherWebhook':
    case 'other':
      return otherFault({ message, isAsking: pod !== undefined })
    case 'quota':
      return quotaFault(refused.resources, { message, pod })
    case 'unset':
      return {
        ...said,
        kind: isOnlyAgent(refused.containers) ? 'us' : 'cluster',
        code: 'QuotaExceeded',
      }
    case 'podSecurity':
      return {
        ...said,
        kind: isOnlyAgent(refused.containers) ? 'us' : 'cluster',
        code: 'CreationRefused',
      }
    case 'limitRange':
      return limitRangeFault(refused.amounts, { message, facts, isAsking: pod !== undefined })
    default:
      return refused satisfies never
  }
}

/** Whether one of the lists has nobody but the agent: without it, that rule would be kept. */
const isOnlyAgent = (lists: readonly (readonly string[])[]): boolean =>
  lists.some((list) => list.length > 0 && list.every((name) => name === agentName))

/** Whether the pod would fit without the agent. */
function quotaFault(
  resources: Extract<RefusedPod, { readonly kind: 'quota' }>['resources'],
  { message, pod }: { readonly message: string; readonly pod: JsonObject | undefined },
): PodFault {
  const base = { code: 'QuotaExceeded', isFailing: true, message } as const
  const number = (text: string) => parseQuantity(text) ?? Number.NaN
  const fits = resources.map(({ resource, requested, used, limited }) => {
    const share = pod === undefined ? 0 : (agentShare(pod, resource)?.agent ?? 0)
    const left = number(limited) - number(used)
    return Number.isNaN(left) || Number.isNaN(number(requested))
      ? undefined
      : { fits: number(requested) - share <= left, share }
  })
  if (fits.length === 0 || fits.includes(undefined))
    return {
      ...base,
      kind: pod === undefined ? 'cluster' : 'unknown',
      because: `a quota refuses the pods: ${message}`,
    }
  if (fits.some((one) => one?.fits === false)) return { ...base, kind: 'cluster' }
  return { ...base, kind: 'us' }
}

/** A LimitRange names no container, only the amount that it refuses. */
function limitRangeFault(
  amounts: readonly string[],
  {
    message,
    facts,
    isAsking,
  }: { readonly message: string; readonly facts: WorkloadFacts; readonly isAsking: boolean },
): PodFault {
  const base = { code: 'QuotaExceeded', isFailing: true, message } as const
  const template = templateOf(facts.object)
  const ofApp = new Set(
    ['initContainers', 'containers']
      .flatMap((list) => objectsAt(template, 'spec', list))
      .flatMap((one) => ['requests', 'limits'].map((name) => objectAt(one, 'resources', name)))
      .flatMap((some) => Object.values(some)),
  )
  return !isAsking || amounts.some((amount) => ofApp.has(amount))
    ? { ...base, kind: 'cluster' }
    : {
        ...base,
        kind: 'unknown',
        because: `a LimitRange refuses the pods, and doesn’t say because of which container: ${message}`,
      }
}

/** What the API server finds invalid, or another webhook or policy refuses, may be what the webhook has changed. */
const otherFault = ({
  message,
  isAsking,
}: {
  readonly message: string
  readonly isAsking: boolean
}): PodFault =>
  isAsking && (/ is invalid: /.test(message) || mayBeAboutAgent(message))
    ? {
        ...{ kind: 'unknown', code: 'CreationRefused', isFailing: true, message },
        because: `the API server refuses the pods, which the webhook changes: ${message}`,
      }
    : { kind: 'cluster', code: 'CreationRefused', isFailing: true, message }

/** The verdict of a workload that has no pods, and nothing says that the API server refuses them. */
export function podlessVerdict(facts: WorkloadFacts): PodVerdict {
  const { object, target } = facts
  const reviewed = reviewWorkload(facts)
  const part = reviewed.kind === 'nothing' ? ('none' as const) : ('waiting' as const)
  if (isIdle(facts)) return { kind: 'well', code: 'NothingToRun', part }
  if (reviewed.kind === 'denied')
    return {
      ...{ kind: 'us', code: 'WebhookDenied', isFailing: true, part: 'failed' },
      message: reviewed.problems.join('; '),
    }
  const finished = objectsAt(object, 'status', 'conditions').find(
    (one) => (one['type'] === 'Complete' || one['type'] === 'Failed') && one['status'] === 'True',
  )
  if (finished?.['type'] === 'Complete') return { kind: 'well', code: 'Done', part }
  if (target.kind === 'DaemonSet' && valueAt(object, 'status', 'desiredNumberScheduled') === 0)
    return {
      kind: 'cluster',
      code: 'NotScheduled',
      isFailing: true,
      part,
      message: 'no node matches the DaemonSet',
    }
  return {
    ...{ kind: 'unknown', code: 'NoPods', isFailing: false, part },
    because: finished
      ? `it has failed, and its pods are gone: ${textAt(finished, 'reason')}: ${textAt(finished, 'message')}`
      : 'it has no pods, and no event says why; events expire after an hour',
  }
}

/** Whether a workload isn't meant to have pods now. */
const isIdle = ({ object, target }: Pick<WorkloadFacts, 'object' | 'target'>): boolean =>
  valueAt(object, 'spec', 'replicas') === 0 ||
  valueAt(object, 'spec', 'suspend') === true ||
  (target.kind === 'CronJob' && textAt(object, 'status', 'lastScheduleTime') === '')
