import { unversionedName } from '../../requests/secret/object-versions.ts'
import { type AgentPod, isRefreshing } from '../cluster/pods/agent-pod.ts'
import { type AskedObject, foundByAgent } from '../cluster/pods/agent-requests.ts'
import type { AskedAgent } from '../cluster/pods/ask-agent.ts'
import { entriesOf, type HeldVersions, heldVersions } from '../cluster/pods/held-objects.ts'
import { failedEnd } from '../cluster/pods/problem-without-state.ts'
import {
  type Appearance,
  type Findings,
  type HeldIn,
  type Holding,
  namesOf,
  noFindings,
} from './holding.ts'
import { matchesQuery, mayBeFound, type ObjectQuery } from './object-query.ts'

/** Whether a pod may hold an object in question, so that its agent has to be asked. */
export const mayHold = (
  { requests, hasEnded }: Pick<AgentPod, 'requests' | 'hasEnded'>,
  query: ObjectQuery,
): boolean =>
  // When a pod has ended, its volumes are gone. A configuration that can't be read may ask for anything.
  !hasEnded && (requests === undefined || namesObject({ requests }, query))

/** Whether a pod's configuration names the object, or may find it, even if the pod has ended. */
export const namesObject = (
  { requests }: Pick<AgentPod, 'requests'>,
  query: ObjectQuery,
): boolean =>
  requests !== undefined &&
  (requests.objects.some(({ object }) => matchesQuery(query, object)) ||
    requests.finds.some((find) => mayBeFound(query, find)))

/** Finds out which versions of the objects in question a pod holds, from its agent's answer. */
export function podFindings(
  pod: AgentPod,
  { asked, query }: { readonly asked: AskedAgent; readonly query: ObjectQuery },
): Findings {
  if (!mayHold(pod, query) || asked.kind === 'gone') return noFindings
  const { namespace, workload, name: holder } = pod
  const owner = { namespace, workload, holder }
  const unasked = (why: string): Findings => ({ ...noFindings, unasked: [{ ...owner, why }] })
  if (asked.kind !== 'answered') return unasked(whyUnanswered(asked))
  const { requests } = pod
  if (requests === undefined) return unasked('its configuration can’t be read')
  const entries = entriesOf(asked.state)
  const objects = [...requests.objects, ...foundByAgent(requests, asked.state)]
  const inQuestion = objects.filter(({ object }) => matchesQuery(query, object))
  const all = inQuestion.map((object) => ({
    object,
    held: heldVersions(object, { pod, entries, atMs: asked.atMs }),
  }))
  return {
    holdings: all.flatMap(({ object, held }) =>
      holdingsOf(object, held).map((holding) => ({ ...owner, ...holding })),
    ),
    unasked: [
      ...all.flatMap(({ object, held }) => whyNotKnown(object, held) ?? []),
      ...(isRefreshing(pod) && failedEnd(pod) ? [mayHaveMore] : []),
    ].map((why) => ({ ...owner, why })),
    appearances: all.flatMap(({ object, held }) => appearancesOf(object, held)),
  }
}

/** An agent can be killed between writing a version and logging it. */
const mayHaveMore = 'its agent has ended, and may have written more than its log says'

function whyUnanswered(asked: Exclude<AskedAgent, { kind: 'answered' | 'gone' }>): string {
  if (asked.kind === 'unknown') return asked.why
  return `its agent ${asked.kind === 'failed' ? 'has failed' : 'is starting'}: ${asked.why}`
}

function whyNotKnown({ object }: AskedObject, held: HeldVersions): string | undefined {
  const { files, processes, nextStart } = held
  if (files === undefined || nextStart === undefined)
    return `its agent doesn’t know which version of ${unversionedName(object)} is in place: it was restarted and has not refreshed it since, or its log leaves some out`
  if (processes === undefined)
    return `its agent doesn’t know which version of ${unversionedName(object)} the variables of a process have, because that was started before its record begins`
  return undefined
}

type OwnedHolding = Omit<Holding, 'namespace' | 'workload' | 'holder'>

function holdingsOf(
  { object, isInFiles, variables }: AskedObject,
  { files = [], processes = [], nextStart = [], seen, expiresMs }: HeldVersions,
): readonly OwnedHolding[] {
  const times = new Map(seen.toReversed())
  const names = namesOf(object)
  const [newest] = isInFiles ? files : nextStart
  const holding = (heldIn: HeldIn, version?: string, isPossible = false): OwnedHolding => {
    const sinceMs = version === undefined ? undefined : times.get(version)
    return {
      ...names,
      heldIn,
      ...(version !== undefined && { version }),
      isPossible,
      ...(sinceMs !== undefined && { sinceMs }),
      ...(version !== undefined && version === newest && expiresMs !== undefined && { expiresMs }),
    }
  }
  const inFiles = files.map((version) => holding('files', version))
  // If one process certainly has a version and another only may have it, the first decides.
  const started = new Map(
    processes
      .toSorted((a, b) => b.length - a.length)
      .flatMap((versions) => versions.map((version) => [version, versions.length > 1] as const)),
  )
  const inProcesses = [...started].map(([version, isPossible]) =>
    holding('variables', version, isPossible),
  )
  const next = nextStart.filter((version) => !started.has(version))
  const all = [...inFiles, ...inProcesses, ...next.map((version) => holding('next start', version))]
  if (all.length > 0) return all
  return [holding(isInFiles || variables.length === 0 ? 'files' : 'variables')]
}

function appearancesOf({ object }: AskedObject, { seen }: HeldVersions): readonly Appearance[] {
  const { objectKey } = namesOf(object)
  const isPinned = object.version !== undefined
  return seen.map(([version, atMs]) => ({ objectKey, version, atMs, isPinned }))
}
