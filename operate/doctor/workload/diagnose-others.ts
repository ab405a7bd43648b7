import { startGateVariable } from '../../../delivery/contract.ts'
import { objectsAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { waitsForItsTurn } from '../../cluster/pods/container-state.ts'
import { type CheckResult, failed, warned } from '../model/check-result.ts'
import { nameOf, textAt, timeAt } from '../model/objects.ts'
import type { WorkloadFacts } from './workload-facts.ts'

/** Looks at the app's own containers: if one fails although the agent is fine, akv-injector isn't the cause. */
export function diagnoseOthers({ pod, agent, namespace }: WorkloadFacts): readonly CheckResult[] {
  const before = blockingContainer(pod)
  if (before !== undefined)
    return [
      warned(
        `init container ${before} runs before the agent, which waits for it`,
        `kubectl logs ${nameOf(pod)} --namespace ${namespace} --container ${before}`,
      ),
    ]
  const statuses = objectsAt(pod, 'status', 'containerStatuses')
  return (agent?.others ?? []).flatMap(({ name, kind, reason, ended }) => {
    const why = reason ?? ''
    const message = textAt(
      statuses.find((one) => one['name'] === name),
      'state',
      'waiting',
      'message',
    )
    const waitsForAgent = message.includes(startGateVariable)
    if (kind !== 'waiting' || why === '' || waitsForItsTurn(why) || waitsForAgent) return []
    const last = ended === undefined ? '' : `, last exit code ${ended.exitCode}`
    return [
      failed(
        `container ${name}: ${why}${last}${message === '' ? '' : `: ${message}`}`,
        `kubectl logs ${nameOf(pod)} --namespace ${namespace} --container ${name}${ended === undefined ? '' : ' --previous'}`,
      ),
    ]
  })
}

/** Finds an init container before the agent that hasn't finished yet. */
function blockingContainer(pod: unknown): string | undefined {
  const names = objectsAt(pod, 'spec', 'initContainers').map((one) => textAt(one, 'name'))
  const earlier = names.slice(0, Math.max(0, names.indexOf(agentName)))
  const statuses = objectsAt(pod, 'status', 'initContainerStatuses')
  return earlier.find((name) => {
    const status = statuses.find((one) => one['name'] === name)
    const isRunning = timeAt(status, 'state', 'running', 'startedAt') !== undefined
    return isRunning && status?.['started'] !== true
  })
}
