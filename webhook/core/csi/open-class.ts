import { isName, labelName, subdomainName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import { describeProblem, type Problem, type ProblemField } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { type LookedUp, lookupProblem } from '../../../requests/class/looked-up.ts'
import { type ReadClass, readClass } from '../../../requests/class/read-class.ts'
import type { ClassVolume } from '../model/find-class-volumes.ts'
import { ourVolumes } from '../model/our-names.ts'

/** The field for problems of a volume. Messages name its class, too. */
export const volumeField = ({ name, index, className }: ClassVolume): ProblemField => ({
  path: index < 0 ? [] : ['spec', 'volumes', index],
  subject:
    className === undefined
      ? `volume ${printable(name)}`
      : `volume ${printable(name)}, SecretProviderClass ${printable(className)}`,
})

type OpenedClass =
  | Exclude<ReadClass, { readonly kind: 'wrong' }>
  | { readonly kind: 'refused'; readonly problem: Problem }

/** Gives the class of a volume, or says why the volume can't be served. */
export function openClass(
  volume: ClassVolume,
  context: { readonly lookedUp: LookedUp; readonly policy: Policy; readonly namespace: string },
): OpenedClass {
  const refused = (sentence: string): OpenedClass => ({
    kind: 'refused',
    problem: { ...volumeField(volume), sentence },
  })
  const unservable = volumeProblem(volume, context.namespace)
  if (unservable !== undefined) return refused(unservable)
  const lookup = context.lookedUp.classes.get(volume.className ?? '')
  if (lookup?.kind !== 'found') {
    const kind = 'SecretProviderClass'
    return refused(lookupProblem(lookup, { kind, namespace: context.namespace }))
  }
  const read = readClass(lookup.object, context.policy.cloudName)
  if (read.kind === 'wrong') return refused(describeProblem(read.problem))
  return read.kind === 'other-provider' && volume.state !== 'declared'
    ? refused('was of the provider azure when the webhook first reviewed the pod; recreate the pod')
    : read
}

/**
 * Why a volume can't be served, whatever its class. We are called before the API server has checked the pod, and the names
 * become paths of URLs and of mounts.
 */
function volumeProblem(volume: ClassVolume, namespace: string): string | undefined {
  const { name, className, state, hasOtherType } = volume
  if (!isName(name, labelName)) return `the name of a volume has ${labelName.sentence}`
  if (ourVolumes.includes(name)) return 'this name is reserved for the webhook; rename the volume'
  if (className === undefined) return 'names no secretProviderClass in its volumeAttributes'
  const problem = classNameProblem(className, namespace)
  if (problem !== undefined) return problem
  if (state === 'changed')
    return 'the agent writes to this volume, but it is no longer an emptyDir in memory; find out what changed it, and recreate the pod'
  return hasOtherType ? 'has another type of volume beside csi; keep one of them' : undefined
}

/** Why no API server would accept the names of a class. */
export function classNameProblem(name: string, namespace: string): string | undefined {
  if (!isName(name, subdomainName))
    return `the name of a SecretProviderClass has ${subdomainName.sentence}`
  return isName(namespace, labelName)
    ? undefined
    : `"${printable(namespace)}" isn't a valid namespace: expected ${labelName.sentence}`
}

/** The class to look up for a volume. Undefined if a name isn't valid. */
export const classToLookUp = (volume: ClassVolume, namespace: string): string | undefined =>
  volumeProblem(volume, namespace) === undefined ? volume.className : undefined
