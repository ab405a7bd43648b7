import { envFileName, startGateFileName, startGateVariable } from '../../../delivery/contract.ts'
import { isObject, valueAt } from '../../../lib/shape.ts'
import { envVolume } from '../model/our-names.ts'
import type { Container, EnvVar } from '../model/pod.ts'

/** A variable that the webhook adds to containers. */
export interface AddedVariable {
  readonly variable: string
  readonly optional?: true
  /** The file in our volume for variables. Absent: the one for the objects of `akv-injector.io/env`. */
  readonly path?: string
}

/** The variable that a container waits for. Its value doesn't matter. */
export const startGate: AddedVariable = { variable: startGateVariable, path: startGateFileName }

/** The source of a variable. The kubelet reads the file when it creates the container. */
export function fileKeyRef({ variable, optional, path = envFileName }: AddedVariable) {
  return {
    volumeName: envVolume,
    path,
    key: variable,
    ...(optional && { optional }),
  }
}

/** The variable to add to a container. */
export const envEntry = (wanted: AddedVariable): EnvVar => ({
  name: wanted.variable,
  valueFrom: { fileKeyRef: fileKeyRef(wanted) },
})

/** A container's variables by name. Of several with one name, the last one counts. */
export function entriesByName({
  env,
}: Container): ReadonlyMap<string, { readonly entry: EnvVar; readonly index: number }> {
  return new Map((env ?? []).map((entry, index) => [entry.name, { entry, index }]))
}

/** The volume that the kubelet reads a variable from, if it does. */
export function volumeOf({ valueFrom }: EnvVar): string | undefined {
  const name = valueAt(valueFrom, 'fileKeyRef', 'volumeName')
  return typeof name === 'string' ? name : undefined
}

/**
 * Tells whose an entry of a wanted variable's name is, in a pod that has the agent already:
 *
 * - `ours`: as the webhook writes it
 * - `emptied`: ours, after another webhook with types that don't have `fileKeyRef` dropped that member
 * - `foreign`: anybody else's
 */
export function fileKeyRefState(
  { value, valueFrom }: EnvVar,
  wanted: AddedVariable,
): 'ours' | 'emptied' | 'foreign' {
  if (value) return 'foreign'
  if (valueFrom == null) return 'emptied'
  const { fileKeyRef: found, ...others } = valueFrom
  if (found == null) return Object.keys(others).length === 0 ? 'emptied' : 'foreign'
  const isOurs =
    isObject(found) &&
    Object.entries(fileKeyRef(wanted)).every(([member, value]) => found[member] === value)
  return isOurs ? 'ours' : 'foreign'
}
