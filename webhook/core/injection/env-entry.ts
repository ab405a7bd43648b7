import { envFileName, type WantedVariable } from '../../../init-agent/contract.ts'
import { isObject } from '../../../lib/shape.ts'
import { envVolume } from '../our-names.ts'
import type { Container, EnvVar } from '../pod.ts'

/** The EnvFiles source of a variable: the kubelet reads it when it creates the container. */
export function fileKeyRef({ variable, optional }: WantedVariable) {
  return {
    volumeName: envVolume,
    path: envFileName,
    key: variable,
    ...(optional && { optional }),
  }
}

/** A variable as a container gets it. */
export const envEntry = (wanted: WantedVariable): EnvVar => ({
  name: wanted.variable,
  valueFrom: { fileKeyRef: fileKeyRef(wanted) },
})

/** A container's variables by name, the last of each: the one that counts. */
export function entriesByName({
  env,
}: Container): ReadonlyMap<string, { readonly entry: EnvVar; readonly index: number }> {
  return new Map((env ?? []).map((entry, index) => [entry.name, { entry, index }]))
}

/** The volume that the kubelet reads a variable from, where it does so. */
export function volumeOf({ valueFrom }: EnvVar): string | undefined {
  const { fileKeyRef } = valueFrom ?? {}
  const name = isObject(fileKeyRef) ? fileKeyRef['volumeName'] : undefined
  return typeof name === 'string' ? name : undefined
}

/**
 * Whose an entry of this name is, where the agent is there already: `ours`; `emptied`, ours after a webhook decoded the
 * pod into types that do not know `fileKeyRef`, and wrote it back without; or `foreign`.
 */
export function fileKeyRefState(
  { value, valueFrom }: EnvVar,
  wanted: WantedVariable,
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
