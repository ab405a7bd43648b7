import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../../lib/shape.ts'
import { parseQuantity } from '../../../../lib/values/quantity.ts'
import { agentName } from '../../../../webhook/core/model/our-names.ts'

/** How much of what a pod asks for the agent adds. */
interface AgentShare {
  readonly resource: string
  readonly agent: number
  readonly all: number
}

/**
 * What the agent adds to the requests of a pod, as the scheduler counts them: an init container counts only while it is larger than
 * all that runs later, and a sidecar always.
 *
 * @param resource - such as `cpu`, `memory` or `limits.cpu`
 * @returns undefined if it adds nothing
 */
export function agentShare(pod: JsonObject, resource: string): AgentShare | undefined {
  // Then the containers' own requests don't count.
  if (amountOf(objectAt(pod, 'spec'), resource) > 0) return undefined
  const all = sumOf(pod, { resource, isCounted: () => true })
  const agent = all - sumOf(pod, { resource, isCounted: (one) => one['name'] !== agentName })
  return agent > 0 ? { resource, agent, all } : undefined
}

function sumOf(
  pod: JsonObject,
  options: {
    readonly resource: string
    readonly isCounted: (container: JsonObject) => boolean
  },
): number {
  const { resource, isCounted } = options
  const amount = (container: JsonObject) =>
    isCounted(container) ? amountOf(container, resource) : 0
  let sidecars = 0
  let most = 0
  for (const one of objectsAt(pod, 'spec', 'initContainers'))
    if (one['restartPolicy'] === 'Always') sidecars += amount(one)
    else most = Math.max(most, sidecars + amount(one))
  const main = objectsAt(pod, 'spec', 'containers').reduce((sum, one) => sum + amount(one), 0)
  return Math.max(most, sidecars + main)
}

/** An amount as Kubernetes writes it. */
export function sayAmount(resource: string, amount: number): string {
  if (/cpu$/.test(resource)) return `${Math.round(amount * 1000)}m`
  return amount >= 1024 ** 2 ? `${Math.round(amount / 1024 ** 2)}Mi` : String(amount)
}

/** Without a request, a container requests its limit. */
function amountOf(container: JsonObject, resource: string): number {
  const [, kind = 'requests', name = resource] = /^(requests|limits)\.(.+)$/.exec(resource) ?? []
  const found =
    valueAt(container, 'resources', kind, name) ?? valueAt(container, 'resources', 'limits', name)
  return typeof found === 'string' || typeof found === 'number' ? (parseQuantity(found) ?? 0) : 0
}
