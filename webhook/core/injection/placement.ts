import { pluralOf } from '../../../lib/count-of.ts'
import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Position } from '../../../requests/annotations/pod-settings.ts'
import { agentName } from '../model/our-names.ts'
import type { Container, PodSpec } from '../model/pod.ts'
import { injectorOf } from './injected-containers.ts'

/** A container that receives the objects. */
export interface Consumer {
  readonly container: Container
  /** JSON pointer to it, before the agent is inserted. */
  readonly pointer: string
  /** True if it starts before the agent. */
  readonly isEarly: boolean
}

/** The agent's position among the init containers: the present one, or the one to insert it at. */
export interface Placement {
  readonly index: number
  /** The init container of our name, if the pod has one already. */
  readonly existing?: Container
}

/** Finds the agent's position: the present one, else the requested one, else after a service mesh's sidecar, else first. */
export function findPlacement(
  { initContainers, containers }: PodSpec,
  position?: Position,
): { readonly placement: Placement; readonly problems: readonly Problem[] } {
  const inits = initContainers ?? []
  const existing = inits.findIndex(({ name }) => name === agentName)
  if (existing >= 0)
    return { placement: { index: existing, existing: inits[existing] as Container }, problems: [] }
  if (position === undefined)
    return { placement: { index: lastMeshSidecar(inits) + 1 }, problems: [] }
  if (position.kind === 'first') return { placement: { index: 0 }, problems: [] }

  const before = inits.findIndex(({ name }) => name === position.container)
  if (before >= 0) return { placement: { index: before + 1 }, problems: [] }
  const isMain = containers.some(({ name }) => name === position.container)
  const problem = {
    path: ownPath('position'),
    found: printable(`after:${position.container}`),
    sentence: isMain
      ? "isn't an init container; the agent runs among the init containers, before the main containers"
      : notFound('init container', inits),
  }
  return { placement: { index: 0 }, problems: [problem] }
}

function lastMeshSidecar(inits: readonly Container[]): number {
  return inits.findLastIndex(
    ({ name, restartPolicy }) => restartPolicy === 'Always' && injectorOf(name)?.isMesh === true,
  )
}

/** The default consumers: the containers that start after the agent, except those that other injectors add. */
export function defaultConsumers(spec: PodSpec, placement: Placement): readonly string[] {
  return startAfter(spec, placement).filter((name) => injectorOf(name) === undefined)
}

/** The containers that start after the agent, but that another injector adds. By default they receive no objects. */
export function injectedContainers(spec: PodSpec, placement: Placement): readonly string[] {
  return [...new Set(startAfter(spec, placement).filter((name) => injectorOf(name) !== undefined))]
}

function startAfter(spec: PodSpec, placement: Placement): readonly string[] {
  const later = (spec.initContainers ?? []).slice(placement.index)
  return [...later, ...spec.containers].map(({ name }) => name).filter((name) => name !== agentName)
}

/** All containers but the agent, in the order they start in. */
export function placedContainers(spec: PodSpec, placement: Placement): readonly Consumer[] {
  const inits = (spec.initContainers ?? []).map((container, i) => ({
    container,
    pointer: `/spec/initContainers/${i}`,
    isEarly: i < placement.index,
  }))
  const mains = spec.containers.map((container, i) => ({
    container,
    pointer: `/spec/containers/${i}`,
    isEarly: false,
  }))
  return [...inits, ...mains].filter(({ container }) => container.name !== agentName)
}

/** Finds the named containers in the pod. */
export function findConsumers(
  spec: PodSpec,
  names: readonly string[],
  placement: Placement,
): { readonly consumers: readonly Consumer[]; readonly problems: readonly Problem[] } {
  const candidates = new Map(
    placedContainers(spec, placement).map((consumer) => [consumer.container.name, consumer]),
  )
  const consumers = names.flatMap((name) => candidates.get(name) ?? [])
  const unknown = names.filter((name) => !candidates.has(name))
  const problems: Problem[] = unknown.slice(0, maxNamed).map((name) => ({
    path: ownPath('containers'),
    found: printable(name),
    sentence: notFound(
      'container',
      [...candidates.values()].map(({ container }) => container),
    ),
  }))
  return { consumers, problems }
}

/** A problem if no container would receive objects that the annotations request. */
export const noConsumer = (names: readonly string[]): readonly Problem[] =>
  names.length > 0
    ? []
    : [
        {
          path: ownPath('containers'),
          sentence: 'no container would receive the objects; name at least one',
        },
      ]

/** The most containers that a message names. */
const maxNamed = 20

/** The sentence about a name that no container has. */
function notFound(kind: string, containers: readonly Container[]): string {
  if (containers.length === 0) return `the pod has no ${pluralOf(kind)}`
  const names = containers.slice(0, maxNamed).map(({ name }) => printable(name))
  const more = containers.length > maxNamed ? ', …' : ''
  return `the pod has no ${kind} of this name; it has ${names.join(', ')}${more}`
}
