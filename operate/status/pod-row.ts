import { type AgentPod, isRefreshing } from '../cluster/pods/agent-pod.ts'
import { type AskedObject, foundByAgent } from '../cluster/pods/agent-requests.ts'
import type { AskedAgent } from '../cluster/pods/ask-agent.ts'
import {
  entriesOf,
  type HeldVersions,
  heldVersions,
  olderVariables,
} from '../cluster/pods/held-objects.ts'
import { failedEnd } from '../cluster/pods/problem-without-state.ts'
import { requestedRefresh } from '../cluster/refresh-now.ts'
import { distinctFailures, failureOf, type StatusRow } from './status-row.ts'

/** Makes the row of a pod from its agent's answer. Undefined if the pod is gone. */
export function podRow(pod: AgentPod, asked: AskedAgent): StatusRow | undefined {
  if (asked.kind === 'gone') return undefined
  const { namespace, name, workload, agentVersion, requests } = pod
  const objects = requests?.objects ?? []
  const vaults = [
    ...new Set([...objects.map(({ object }) => object), ...(requests?.finds ?? [])].map(vaultOf)),
  ].toSorted()
  const row = {
    kind: 'Pod',
    namespace,
    name,
    workload,
    vaults,
    objects: objects.length,
    ...(agentVersion !== undefined && { agent: agentVersion }),
    olderVariables: [],
    failures: [],
  } as const
  if (asked.kind === 'unknown') return { ...row, state: 'unknown', why: asked.why }
  if (asked.kind !== 'answered') {
    const { kind: state, code, sinceMs, why } = asked
    const failures = failureOf(code, vaults)
    return { ...row, state, ...(code !== undefined && { code }), sinceMs, why, failures }
  }
  const { state, atMs } = asked
  const entries = entriesOf(state)
  const all = [...objects, ...(requests ? foundByAgent(requests, state) : [])]
  const held = all.map((object) => ({
    object,
    held: heldVersions(object, { pod, entries, atMs }),
  }))
  const refreshNow = requestedRefresh(pod.refreshNow, state)
  const part = {
    ...{
      ...row,
      objects: all.length,
      agent: state.agent,
      ...answeredPart(held, isRefreshing(pod)),
    },
    ...(refreshNow && { refreshNow }),
  }
  // If the agent has ended, the pod keeps the values of its last state, and nothing refreshes them.
  const ended = isRefreshing(pod) ? failedEnd(pod) : undefined
  if (ended === undefined) return part
  const { code, sinceMs, why } = ended
  return { ...part, state: 'stale', code, sinceMs, why, failures: failureOf(code, vaults) }
}

const vaultOf = ({ vault }: { readonly vault: string }): string => vault

function answeredPart(
  held: readonly { readonly object: AskedObject; readonly held: HeldVersions }[],
  refreshes: boolean,
): Pick<StatusRow, 'state' | 'olderVariables' | 'failures'> & Partial<StatusRow> {
  const failing = held.flatMap(({ object, held: { failing } }) =>
    failing ? [{ ...failing, vault: object.object.vault }] : [],
  )
  const times = held.flatMap(({ held }) => held.sinceMs ?? [])
  const known = failing.flatMap(({ sinceMs }) => sinceMs ?? [])
  const [first] = failing
  return {
    state: first ? 'stale' : refreshes ? 'fresh' : 'once',
    ...(first && { code: first.code }),
    ...(known.length > 0 && { sinceMs: Math.min(...known) }),
    ...(times.length > 0 && { setSinceMs: Math.max(...times) }),
    olderVariables: held.flatMap(({ object, held }) => olderVariables(object, held)),
    failures: distinctFailures(failing),
  }
}
