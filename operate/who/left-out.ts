import { InputError } from '../../command/input-error.ts'
import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'

/** A pod that the gate is to ignore. */
export interface PodName {
  readonly namespace: string
  readonly name: string
}

/** Such a pod, and whether it exists. */
export interface LeftOutPod extends PodName {
  readonly isFound: boolean
}

/** There is a limit, because the gate's sentence names each of them. */
const maxLeftOut = 100

/**
 * Parses the values of `--without`: `NAMESPACE/POD`.
 *
 * @throws InputError if a value isn't in this form, or if there are too many
 */
export function parseLeftOut(texts: readonly string[]): readonly PodName[] {
  if (texts.length > maxLeftOut)
    throw new InputError(
      `--without was given ${texts.length} times; accepted: at most ${maxLeftOut} pods`,
    )
  return [...new Set(texts)].map((text) => {
    const [namespace = '', name = '', ...more] = text.split('/')
    if (more.length > 0 || !isName(namespace, labelName) || !isName(name, subdomainName))
      throw new InputError(
        `--without ${printable(text)}: expected NAMESPACE/POD, such as team-a/web-6c9d4-x8x2p`,
      )
    return { namespace, name }
  })
}

const isSame = (a: PodName, b: PodName): boolean => a.namespace === b.namespace && a.name === b.name

/** Removes the named pods from a list. */
export const withoutThem = (
  pods: readonly AgentPod[],
  without: readonly PodName[],
): readonly AgentPod[] => pods.filter((pod) => !without.some((named) => isSame(named, pod)))

/** Finds out for each name whether the list has the pod. */
export const findLeftOut = (
  pods: readonly AgentPod[],
  without: readonly PodName[],
): readonly LeftOutPod[] =>
  without.map((named) => ({ ...named, isFound: pods.some((pod) => isSame(named, pod)) }))

/** The part of the gate's sentence that names the pods that were left out. */
export function describeLeftOut(leftOut: readonly LeftOutPod[]): string {
  const { true: found = [], false: missing = [] } = Object.groupBy(leftOut, ({ isFound }) =>
    String(isFound),
  )
  const names = (some: readonly LeftOutPod[]) =>
    some.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')
  return [
    ...(found.length > 0 ? [`left out by --without, and not asked: ${names(found)}`] : []),
    ...(missing.length > 0 ? [`--without names pods without an agent: ${names(missing)}`] : []),
  ].join('; ')
}
