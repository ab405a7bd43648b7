import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { nameOf, oneLine, textAt, timeAt, timeOfEvent } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'

/** Something that happened, for the story of a workload. */
interface StoryEntry {
  readonly atMs: number
  /** Who reported it: `scheduler`, `kubelet`, `agent`. */
  readonly who: string
  readonly text: string
}

/** The most lines that a story has. The oldest are left out. */
const maxEntries = 80
/** The most characters of one line. */
const maxText = 1000

/** Lists what the API server, the kubelet and the agent have reported, oldest first. */
export function tellStory(facts: WorkloadFacts): readonly string[] {
  const { object, children, pod, events = [], logs } = facts
  const entries = [
    ...created(object),
    ...children.flatMap(created),
    ...conditionsOf(object),
    ...(pod === undefined ? [] : [...created(pod), ...conditionsOf(pod), ...containersOf(pod)]),
    ...events.flatMap(entryOfEvent),
    ...logs.flatMap(entriesOfLog),
  ]
  const unique = [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()]
  const sorted = unique.toSorted((a, b) => a.atMs - b.atMs)
  const shown = sorted.slice(-maxEntries)
  const left = sorted.length - shown.length
  return [
    ...(left > 0 ? [`… ${left} older lines are left out`] : []),
    ...shown.map(
      ({ atMs, who, text }) =>
        `${new Date(atMs).toISOString().slice(0, 19)}Z  ${who}: ${oneLine(text.slice(0, maxText))}`,
    ),
  ]
}

function created(object: JsonObject): readonly StoryEntry[] {
  const atMs = timeAt(object, 'metadata', 'creationTimestamp')
  const kind = textAt(object, 'kind')
  const name = nameOf(object)
  return atMs === undefined ? [] : [{ atMs, who: 'API server', text: `${kind} ${name} created` }]
}

/** The conditions that report a problem. */
const conditionsOf = (object: JsonObject): readonly StoryEntry[] =>
  objectsAt(object, 'status', 'conditions').flatMap((condition) => {
    const atMs = timeAt(condition, 'lastTransitionTime')
    const type = textAt(condition, 'type')
    const status = textAt(condition, 'status')
    const isBad = badIfTrue.has(type) ? status === 'True' : status === 'False'
    const isNews = isBad && type !== 'ContainersReady' && type !== 'PodReadyToStartContainers'
    if (atMs === undefined || !isNews) return []
    const details = [textAt(condition, 'reason'), textAt(condition, 'message')]
    const text = [`${type} ${status}`, ...details].filter((part) => part !== '').join(': ')
    return [{ atMs, who: type === 'PodScheduled' ? 'scheduler' : 'status', text }]
  })

const badIfTrue: ReadonlySet<string> = new Set([
  'ReplicaFailure',
  'Failed',
  'FailureTarget',
  'DisruptionTarget',
])

/** When containers started, and how they ended. */
function containersOf(pod: JsonObject): readonly StoryEntry[] {
  const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((list) =>
    objectsAt(pod, 'status', list),
  )
  return statuses.flatMap((status) => {
    const name = textAt(status, 'name')
    const running = timeAt(status, 'state', 'running', 'startedAt')
    return [
      ...ended(name, valueAt(status, 'lastState', 'terminated')),
      ...ended(name, valueAt(status, 'state', 'terminated')),
      ...(running === undefined
        ? []
        : [{ atMs: running, who: 'kubelet', text: `container ${name} started` }]),
    ]
  })
}

function ended(name: string, terminated: unknown): readonly StoryEntry[] {
  const atMs = timeAt(terminated, 'finishedAt')
  if (atMs === undefined) return []
  const exitCode = valueAt(terminated, 'exitCode')
  const reason = textAt(terminated, 'reason')
  const message = textAt(terminated, 'message')
  const why =
    exitCode === 0 ? '' : `: ${[reason, message].filter((part) => part !== '').join(': ')}`
  return [
    { atMs, who: 'kubelet', text: `container ${name} ended with exit code ${exitCode}${why}` },
  ]
}

function entryOfEvent(event: JsonObject): readonly StoryEntry[] {
  const atMs = timeOfEvent(event)
  if (atMs === undefined) return []
  const count = valueAt(event, 'series', 'count') ?? valueAt(event, 'count')
  const times = typeof count === 'number' && count > 1 ? ` (${count} times)` : ''
  const who = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent') || 'event'
  const about = `${textAt(event, 'involvedObject', 'kind')} ${textAt(event, 'involvedObject', 'name')}`
  const isOfPod = textAt(event, 'involvedObject', 'kind') === 'Pod'
  const text = `${textAt(event, 'reason')}${isOfPod ? '' : ` of ${about}`}: ${textAt(event, 'message')}${times}`
  return [{ atMs, who, text }]
}

/** Messages of the agent that tell nothing about the pod's health. */
const dull: ReadonlySet<string> = new Set(['state', 'serving metrics'])

function entriesOfLog(log: WorkloadFacts['logs'][number]): readonly StoryEntry[] {
  return log.kind === 'read' ? log.value.flatMap(entryOfLine) : []
}

/** An entry for a line of the agent's log. A line in another format is from somebody else, and left out. */
function entryOfLine(line: string): readonly StoryEntry[] {
  const read = readLogLine(line)
  const atMs = timeAt(read, 'time')
  const message = textAt(read, 'message')
  if (atMs === undefined || message === '' || dull.has(message)) return []
  const level = textAt(read, 'level')
  if (level === 'debug') return []
  const code = textAt(read, 'code')
  const objects = objectsAt(read, 'objects')
    .map((one) =>
      [textAt(one, 'code'), textAt(one, 'reason')].filter((part) => part !== '').join(': '),
    )
    .filter((text) => text !== '')
  const changed = valueAt(read, 'changed')
  const details = [
    ...objects.slice(0, 5),
    ...(Array.isArray(changed)
      ? [changed.filter((one) => typeof one === 'string').join(', ')]
      : []),
  ]
  const text = [code, message, ...details].filter((part) => part !== '').join(': ')
  return [{ atMs, who: level === 'info' ? 'agent' : `agent (${level})`, text }]
}
