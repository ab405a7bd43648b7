import { isObject, objectAt, objectsAt, valueAt } from '../../../../lib/shape.ts'
import { followAuditLog } from '../harness/follow-audit-log.ts'
import type { RequestCounts } from '../harness/own-requests.ts'
import { syncAccount } from '../harness/sync-account.ts'

/** What the audit log of the API server says about roll-outs. */
interface AuditedRollouts {
  /** The controller's requests, such as `patch deployments`. */
  readonly requests: RequestCounts
  /** How often the controller rolled out each Deployment. */
  readonly begun: ReadonlyMap<string, number>
  /** How many Deployments were rolling out at the same time. */
  readonly mostAtOnce: number
}

const username = `system:serviceaccount:${syncAccount.namespace}:${syncAccount.name}`

/** Returns a function that reads what has been logged since its last call, or since this one. */
export function followRollouts(auditLogFile: string): () => Promise<AuditedRollouts> {
  const newLines = followAuditLog(auditLogFile, { from: 'end' })
  return async () => {
    const requests: Record<string, number> = {}
    const begun = new Map<string, number>()
    const rolling = new Set<string>()
    let mostAtOnce = 0
    const note = (line: string) => {
      const event = parseEvent(line)
      if (event === undefined) return
      const { what, workload, isOwn } = event
      if (isOwn) requests[what] = (requests[what] ?? 0) + 1
      if (isOwn && what === 'patch deployments') {
        begun.set(workload, (begun.get(workload) ?? 0) + 1)
        rolling.add(workload)
        mostAtOnce = Math.max(mostAtOnce, rolling.size)
      } else if (what === 'update deployments/status' && isComplete(event.answer))
        rolling.delete(workload)
    }
    for await (const line of newLines()) note(line)
    return { requests, begun, mostAtOnce }
  }
}

/** A request that the API server has fulfilled. The events of one Deployment are in the order of its changes. */
function parseEvent(line: string) {
  const isOfDeployment = line.includes('"resource":"deployments"')
  if (!isOfDeployment && !line.includes(username)) return undefined
  const event: unknown = JSON.parse(line)
  if (!isObject(event)) return undefined
  const { resource, subresource, namespace, name } = objectAt(event, 'objectRef')
  const code = valueAt(event, 'responseStatus', 'code')
  if (typeof resource !== 'string' || typeof code !== 'number' || code >= 300) return undefined
  return {
    what: `${event['verb']} ${[resource, subresource].filter(Boolean).join('/')}`,
    workload: `${namespace}/${name}`,
    isOwn: valueAt(event, 'user', 'username') === username,
    answer: objectAt(event, 'responseObject'),
  }
}

function isComplete(deployment: ReturnType<typeof objectAt>): boolean {
  const status = objectAt(deployment, 'status')
  const counts = ['replicas', 'updatedReplicas', 'availableReplicas'].map((name) => status[name])
  const isObserved = status['observedGeneration'] === valueAt(deployment, 'metadata', 'generation')
  const hasProgressed = objectsAt(status, 'conditions').some(
    ({ reason }) => reason === 'NewReplicaSetAvailable',
  )
  return isObserved && hasProgressed && counts.every((count) => count === 1)
}
