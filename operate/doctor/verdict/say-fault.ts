import { countOf } from '../../../lib/count-of.ts'
import { oneLine } from '../model/objects.ts'
import type { MissingReference } from './facts/others-sentences.ts'
import type { FaultCode, PodFault } from './fault.ts'

/** What others say may be long, and it stands at the end of a clause. */
const maxMessage = 600

/** What a fault is, as a clause without a full stop. */
export function sayFault(fault: PodFault): string {
  const say = Object.hasOwn(clauses, fault.code) ? clauses[fault.code as FaultCode] : sayAgentCode
  return say(fault)
}

/** The agent's code, and what it says. */
const sayAgentCode = (fault: PodFault): string => withMessage(fault.code, fault)

const withMessage = (clause: string, { reason, message = '' }: PodFault): string =>
  [clause, reason ?? '', oneLine(message).slice(0, maxMessage)]
    .filter((part) => part !== '')
    .join(': ')

const containerOf = ({ container, isInit }: PodFault): string =>
  `${isInit ? 'init container' : 'container'} ${container}`

const restartsOf = ({ restarts = 0 }: PodFault): string =>
  restarts > 0 ? `, ${countOf(restarts, 'restart')}` : ''

const again = ({ isRunning }: PodFault): string => (isRunning ? ' and runs again' : '')

const sayMissing = ({ kind, name, key }: MissingReference): string =>
  key === undefined ? `${kind} ${name} doesn’t exist` : `${kind} ${name} has no key ${key}`

const needed = (fault: PodFault): string =>
  fault.volume === undefined
    ? `, which ${containerOf(fault)} needs`
    : `, which volume ${fault.volume} needs`

const sayNode = ({ node }: PodFault): string => (node === undefined ? 'the node' : `node ${node}`)

const clauses: Readonly<Record<FaultCode, (fault: PodFault) => string>> = {
  AgentEnds: (f) => withMessage(`the agent ends with exit code ${f.exitCode}${restartsOf(f)}`, f),
  AgentImage: (f) => withMessage(`the kubelet can’t pull the agent’s image ${f.image}`, f),
  AgentOutOfMemory: (f) => `the agent ran out of memory${restartsOf(f)}`,
  AgentRefused: (f) => withMessage('the kubelet can’t start the agent', f),
  AgentSilent: (f) => f.because ?? 'the agent doesn’t say what it holds',
  BeingDeleted: (f) => withMessage('the pod is being deleted', f),
  ContainerEnds: (f) =>
    f.isRunning
      ? `${containerOf(f)} ended with exit code ${f.exitCode} and runs again${restartsOf(f)}`
      : `${containerOf(f)} ends with exit code ${f.exitCode}${reasonOfEnd(f)}${restartsOf(f)}`,
  ContainerOutOfMemory: (f) =>
    `${containerOf(f)} ran out of memory${f.limit === undefined ? '' : ` (its limit is ${f.limit})`}${again(f)}${restartsOf(f)}`,
  ContainerRefused: (f) => withMessage(`the kubelet can’t start ${containerOf(f)}`, f),
  ContainerUnready: (f) => withMessage(sayUnready(f), f),
  CreationRefused: (f) => withMessage('the API server refuses the pods', f),
  DeadlineExceeded: () => 'the pod ran longer than activeDeadlineSeconds allows',
  DriverAbsent: (f) => f.because ?? '',
  Evicted: (f) => withMessage(`the kubelet evicted the pod from ${sayNode(f)}`, f),
  ImagePull: (f) => withMessage(`the kubelet can’t pull image ${f.image} of ${containerOf(f)}`, f),
  MissingReference: (f) => (f.missing ? `${sayMissing(f.missing)}${needed(f)}` : ''),
  NoPods: (f) => f.because ?? '',
  NodeNotReady: (f) => withMessage(`${sayNode(f)} isn’t ready`, f),
  NotInjected: (f) => withMessage('the pod has annotations, but no agent', f),
  NotScheduled: (f) => withMessage('no node accepts the pod', f),
  PodRefused: (f) => withMessage(`${sayNode(f)} refused the pod`, f),
  ProbeFails: (f) =>
    withMessage(
      `the kubelet restarts ${containerOf(f)}, because its ${f.probe} probe fails${restartsOf(f)}`,
      f,
    ),
  QuotaExceeded: (f) => withMessage('a quota or a LimitRange refuses the pods', f),
  ReadinessGate: (f) => withMessage('a readiness gate of the pod isn’t met', f),
  SandboxFailed: (f) => withMessage('the kubelet can’t set up the pod', f),
  SecretNotSynced: (f) =>
    withMessage(
      f.missing ? `${sayMissing(f.missing)}${needed(f)}; Secret sync should make it` : '',
      f,
    ),
  Starting: (f) => withMessage(f.because ?? `${containerOf(f)} is starting`, f),
  VolumeNotMounted: (f) => withMessage(`the kubelet hasn’t mounted volume ${f.volume}`, f),
  WebhookDenied: (f) => withMessage('the webhook refuses the pods', f),
  WebhookUnreachable: (f) => withMessage('the API server can’t call the webhook', f),
}

const reasonOfEnd = ({ reason }: PodFault): string =>
  reason === undefined || reason === 'Error' || reason === 'Completed' ? '' : ` (${reason})`

function sayUnready(fault: PodFault): string {
  const { probe } = fault
  if (probe === 'startup') return `${containerOf(fault)} hasn’t started: its startup probe fails`
  return probe === undefined
    ? `${containerOf(fault)} isn’t ready`
    : `${containerOf(fault)} isn’t ready: its ${probe} probe fails`
}
