import { printable } from '../../../lib/printable.ts'
import { maxProblems, type Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import {
  type AddedVariable,
  entriesByName,
  fileKeyRefState,
  startGate,
  volumeOf,
} from '../injection/env-entry.ts'
import type { Consumer } from '../injection/placement.ts'
import type { Plan } from '../injection/plan.ts'
import { variablesByContainer } from '../injection/receivers.ts'
import { isOurVolume } from '../injection/volumes.ts'
import { isWindows } from '../model/is-windows.ts'
import { agentName, ourVolumes } from '../model/our-names.ts'
import {
  allContainers,
  type Container,
  containerPath,
  type EnvVar,
  isKata,
  type Pod,
} from '../model/pod.ts'
import { exposureProblems } from './exposed-agent.ts'
import { mountConflicts, servedConflicts } from './mount-conflicts.ts'

/** Everything in the pod that conflicts with the plan, as far as a message can report it. */
export function conflicts(pod: Pod, plan: Plan): readonly Problem[] {
  const problems: Problem[] = []
  for (const problem of allConflicts(pod, plan)) {
    if (problems.length === maxProblems) return [...problems, moreConflicts]
    problems.push(problem)
  }
  return problems
}

const moreConflicts: Problem = {
  path: [],
  subject: 'the pod',
  sentence: 'has more conflicts than these; resolve them first',
}

function* allConflicts(pod: Pod, plan: Plan): Generator<Problem> {
  yield* platformConflicts(pod, plan)
  yield* nameConflicts(pod, plan)
  yield* exposureProblems(pod, plan)
  yield* mountConflicts(pod, plan)
  yield* servedConflicts(pod, plan)
  yield* readConflicts(pod, plan)
  yield* startGateConflicts(pod, plan)
  for (const consumer of plan.consumers) yield* envConflicts(pod, consumer, plan)
}

function platformConflicts(pod: Pod, { config }: Plan): readonly Problem[] {
  const { spec } = pod
  const problems: Problem[] = []
  if (isWindows(pod))
    problems.push({
      path: [],
      subject: 'the pod',
      sentence: 'runs on Windows, which has no tmpfs; only Linux pods can be injected',
    })
  if (isKata(pod) && config.env.length > 0)
    problems.push({
      path: ['spec', 'runtimeClassName'],
      found: printable(spec.runtimeClassName ?? ''),
      sentence: `Kata keeps the pod's tmpfs inside its virtual machine, where the kubelet can't read variables; use ${annotationPrefix}secrets`,
    })
  return problems
}

function* nameConflicts({ spec }: Pod, { placement, config }: Plan): Generator<Problem> {
  for (const [index, { name }] of spec.containers.entries())
    if (name === agentName)
      yield {
        path: ['spec', 'containers', index],
        subject: `container ${agentName}`,
        sentence: 'this name is reserved for the agent; rename the container',
      }
  for (const [index, volume] of (spec.volumes ?? []).entries())
    if (
      ourVolumes.includes(volume.name) &&
      (placement.existing === undefined || !isOurVolume(volume, config))
    )
      yield {
        path: ['spec', 'volumes', index],
        subject: `volume ${volume.name}`,
        sentence: 'this name is reserved for the webhook; rename the volume',
      }
}

/** Variables that read our volumes, and that the webhook didn't add: they give away the same values as a mount. */
function* readConflicts(pod: Pod, plan: Plan): Generator<Problem> {
  const planned = plan.placement.existing ? variablesByContainer(plan) : noVariables
  for (const container of allContainers(pod)) {
    const entries = (container.env ?? []).filter(readsOurVolume)
    if (entries.length === 0) continue
    const wanted = new Map(planned.get(container)?.map((added) => [added.variable, added]))
    for (const entry of entries) {
      const added = wanted.get(entry.name)
      if (added !== undefined && fileKeyRefState(entry, added) === 'ours') continue
      yield {
        path: containerPath(pod, container),
        subject: `container ${printable(container.name)}, env ${printable(entry.name)}`,
        sentence: `volume ${volumeOf(entry)} may only be read by the webhook's own variables; request this one with ${annotationPrefix}env`,
      }
    }
  }
}

const noVariables: ReadonlyMap<Container, readonly AddedVariable[]> = new Map()

const readsOurVolume = (entry: EnvVar): boolean => ourVolumes.includes(volumeOf(entry) ?? '')

/** The name of the variable that containers wait for is taken. */
function* startGateConflicts(pod: Pod, { config, gated, placement }: Plan): Generator<Problem> {
  if (gated.length === 0) return
  if (config.env.some(({ variable }) => variable === startGate.variable))
    yield {
      path: ownPath('env'),
      found: startGate.variable,
      sentence: 'this name is reserved for the variable that containers wait for; choose another',
    }
  for (const { container } of gated) {
    const found = entriesByName(container).get(startGate.variable)
    if (found === undefined) continue
    if (placement.existing !== undefined && fileKeyRefState(found.entry, startGate) !== 'foreign')
      continue
    yield {
      path: containerPath(pod, container),
      subject: `container ${printable(container.name)}, env ${startGate.variable}`,
      sentence: 'this name is reserved for the variable that containers wait for; rename yours',
    }
  }
}

function* envConflicts(
  pod: Pod,
  { container, isEarly }: Consumer,
  { config, placement }: Plan,
): Generator<Problem> {
  if (config.env.length === 0) return
  const name = printable(container.name)
  if (isEarly)
    return yield {
      path: ownPath('env'),
      found: `container ${name}`,
      sentence: `starts before the agent and would wait for its variables forever; leave it out of ${annotationPrefix}containers, or move the agent with ${annotationPrefix}position`,
    }
  const entries = entriesByName(container)
  for (const wanted of config.env) {
    const found = entries.get(wanted.variable)
    if (found === undefined) continue
    if (placement.existing !== undefined && fileKeyRefState(found.entry, wanted) !== 'foreign')
      continue
    yield {
      path: containerPath(pod, container),
      subject: `container ${name}, env ${wanted.variable}`,
      sentence: `the container sets this variable itself; remove it there, or rename ours: NAME=${wanted.object.name}`,
    }
  }
}
