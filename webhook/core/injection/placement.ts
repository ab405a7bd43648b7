import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problem.ts'
import { annotationPrefix } from '../annotations/own-annotations.ts'
import type { Position } from '../annotations/pod-settings.ts'
import { agentName } from '../our-names.ts'
import type { Container, PodSpec } from '../pod.ts'
import { injectorOf } from './injected-containers.ts'

/** A container that sees the objects. */
export interface Consumer {
  readonly container: Container
  /** JSON pointer to it, before the agent is inserted. */
  readonly pointer: string
  /** It runs before the agent has written anything. */
  readonly isEarly: boolean
}

/** Where the agent is, or is to go, among the init containers. */
export interface Placement {
  readonly index: number
  /** The init container of our name that is there already. */
  readonly existing?: Container
}

/** Finds the agent's placement: where it stands, else where it is asked to be, else behind a mesh's proxy, else first. */
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
    subject: `${annotationPrefix}position`,
    found: printable(`after:${position.container}`),
    sentence: isMain
      ? 'this is no init container; the agent runs among these, before the main containers'
      : `there is no such init container; there are: ${namesOf(inits)}`,
  }
  return { placement: { index: 0 }, problems: [problem] }
}

function lastMeshSidecar(inits: readonly Container[]): number {
  return inits.findLastIndex(
    ({ name, restartPolicy }) => restartPolicy === 'Always' && injectorOf(name)?.isMesh === true,
  )
}

/** The containers that see the objects by default: those that start after the agent, except other injectors'. */
export function defaultConsumers(spec: PodSpec, placement: Placement): readonly string[] {
  return startAfter(spec, placement).filter((name) => injectorOf(name) === undefined)
}

/** The containers that start after the agent, but see no objects by default as another injector adds them. */
export function injectedContainers(spec: PodSpec, placement: Placement): readonly string[] {
  return [...new Set(startAfter(spec, placement).filter((name) => injectorOf(name) !== undefined))]
}

function startAfter(spec: PodSpec, placement: Placement): readonly string[] {
  const later = (spec.initContainers ?? []).slice(placement.index)
  return [...later, ...spec.containers].map(({ name }) => name).filter((name) => name !== agentName)
}

/** Looks the named containers up. */
export function findConsumers(
  spec: PodSpec,
  names: readonly string[],
  placement: Placement,
): { readonly consumers: readonly Consumer[]; readonly problems: readonly Problem[] } {
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
  const candidates = new Map(
    [...inits, ...mains]
      .filter(({ container }) => container.name !== agentName)
      .map((one) => [one.container.name, one]),
  )
  const consumers = names.flatMap((name) => candidates.get(name) ?? [])
  const unknown = names.filter((name) => !candidates.has(name))
  const subject = `${annotationPrefix}containers`
  const problems: Problem[] = unknown.slice(0, maxNamed).map((name) => ({
    subject,
    found: printable(name),
    sentence: `the pod has no such container; it has: ${namesOf([...candidates.values()].map(({ container }) => container))}`,
  }))
  if (names.length === 0)
    problems.push({
      subject,
      sentence: 'no container is left to see the objects; name one that should',
    })
  return { consumers, problems }
}

const maxNamed = 20

function namesOf(containers: readonly Container[]): string {
  if (containers.length === 0) return 'none'
  const names = containers.slice(0, maxNamed).map(({ name }) => printable(name))
  return names.join(', ') + (containers.length > maxNamed ? ', …' : '')
}
