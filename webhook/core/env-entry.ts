import { envFileName, type WantedVariable } from '../../init-agent/contract.ts'
import { isObject } from '../../keyvault/shape.ts'
import { envVolume } from './names.ts'
import type { EnvVar } from './pod.ts'

/** The EnvFiles source of a variable: the kubelet reads it when it creates the container. */
export function fileKeyRef({ variable, optional }: WantedVariable) {
  return {
    volumeName: envVolume,
    path: envFileName,
    key: variable,
    ...(optional && { optional }),
  }
}

/**
 * Whose an entry of this name is: `ours`; `emptied`, ours after a webhook decoded the pod into types that do not know
 * `fileKeyRef`; or `foreign`.
 */
export function fileKeyRefState(
  { value, valueFrom }: EnvVar,
  wanted: WantedVariable,
): 'ours' | 'emptied' | 'foreign' {
  if (value || !isObject(valueFrom)) return 'foreign'
  const found = valueFrom['fileKeyRef']
  if (found === undefined) return Object.keys(valueFrom).length === 0 ? 'emptied' : 'foreign'
  const isOurs =
    isObject(found) &&
    Object.entries(fileKeyRef(wanted)).every(([member, value]) => found[member] === value)
  return isOurs ? 'ours' : 'foreign'
}
