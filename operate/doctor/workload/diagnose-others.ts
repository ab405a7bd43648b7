import { type CheckResult, failed, passed, unchecked, warned } from '../model/check-result.ts'
import { nameOf } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import type { FaultCode, PodFault } from '../verdict/fault.ts'
import { sayFault } from '../verdict/say-fault.ts'

/** Far more than most init containers take. */
const usualStartSeconds = 60

/** The faults that aren't the agent's, and what to do about each. Pure. */
export const diagnoseOthers = (
  faults: readonly PodFault[],
  facts: WorkloadFacts,
): readonly CheckResult[] =>
  faults.map((fault) => markOf(fault)(fault.because ?? sayFault(fault), hintFor(fault, facts)))

function markOf({ kind, isFailing, seconds = 0 }: PodFault): typeof failed {
  if (isFailing) return failed
  if (kind === 'unknown') return unchecked
  return kind === 'starting' && seconds <= usualStartSeconds ? passed : warned
}

const describe: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'ContainerRefused',
  'ImagePull',
  'SandboxFailed',
  'Starting',
  'VolumeNotMounted',
])
const withLogs: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'ContainerEnds',
  'ContainerOutOfMemory',
  'ContainerUnready',
  'ProbeFails',
  'Starting',
])

function hintFor(
  { code, kind, container, isInit, restarts = 0 }: PodFault,
  facts: WorkloadFacts,
): string | undefined {
  const { pod, namespace } = facts
  const place = `${nameOf(pod)} --namespace ${namespace}`
  const asCode = code as FaultCode
  const hasRun = asCode !== 'Starting' || isInit === true
  if (container !== undefined && hasRun && withLogs.has(asCode))
    return `kubectl logs ${place} --container ${container}${restarts > 0 ? ' --previous' : ''}`
  if (asCode === 'DriverAbsent' && kind !== 'cluster')
    return `kubectl label namespace ${namespace} akv-injector.io/csi=true, then replace the pod (docs/from-csi.md)`
  if (asCode === 'SecretNotSynced')
    return 'akv-injector status shows what Secret sync says about it'
  return describe.has(asCode) ? `kubectl describe pod ${place}` : undefined
}
