import { hasFiles } from '../../../delivery/contract.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { envEntry, startGate } from '../injection/env-entry.ts'
import { filesMount } from '../injection/files-mount.ts'
import type { Plan } from '../injection/plan.ts'

/** A bound on the operations as JSON. etcd accepts objects of 1.5 MiB, and each review of a large pod takes our memory. */
const maxPatchBytes = 1024 * 1024

/**
 * Refuses a plan whose patch would be too large, before any of its operations is made.
 *
 * The size depends only on the plan, not on the present state of the pod, so that a pod that was accepted once is
 * accepted again after another webhook has changed it. A patch that adds whole lists is a third smaller.
 */
export function patchProblems(plan: Plan, encodedConfig: string): readonly Problem[] {
  if (isFarBelowBound(plan, encodedConfig) || patchBytes(plan) <= maxPatchBytes) return []
  const { config, consumers } = plan
  const variables = config.env.length === 1 ? '1 variable' : `${config.env.length} variables`
  return [
    {
      path: [],
      subject: 'the patch of the pod',
      found: `${variables}${hasFiles(config) ? ' and a mount' : ''} for ${consumers.length} containers`,
      sentence: `would be larger than 1 MiB; name only the containers that need them in ${annotationPrefix}containers, or request fewer variables, shorter names or a shorter ${annotationPrefix}mount-path`,
    },
  ]
}

/**
 * Whether the patch is so small that it needn't be measured, which takes a tenth of a review. Only the agent's configuration,
 * and what the containers receive, can be large. JSON writes a character in six bytes at most.
 */
function isFarBelowBound(
  { config, consumers, gated, mountPath, servedMounts }: Plan,
  encodedConfig: string,
): boolean {
  const consumerBytes = 512 + 6 * mountPath.length + 1024 * config.env.length
  const bytes =
    6 * encodedConfig.length +
    consumers.length * consumerBytes +
    gated.length * startGateBytes +
    servedMounts.length * sealBytes +
    (config.volumes ?? []).length * 1024
  return bytes < maxPatchBytes / 2
}

/** An upper bound of the bytes of all operations of the plan, whatever the pod has already. */
export function patchBytes(plan: Plan): number {
  const { config, consumers, gated, agent, volumes, mountPath, servedMounts } = plan
  const mount = hasFiles(config) ? operationBytes('volumeMounts', filesMount(mountPath)) : 0
  return (
    labelBytes +
    operationBytes('', agent) +
    sum(volumes.map((volume) => operationBytes('', volume))) +
    consumers.length * (mount + sum(config.env.map(variableBytes))) +
    gated.length * startGateBytes +
    (config.volumes ?? []).length * replacementBytes +
    servedMounts.length * sealBytes
  )
}

/** Each entry contains its name twice. A valid name is ASCII, and JSON escapes none of its characters. */
const variableBytes = ({ variable, optional }: Plan['config']['env'][number]): number =>
  2 * variable.length + (optional ? optionalEntryBytes : requiredEntryBytes)

/** The operations on a served volume, and on a mount of it. */
const replacementBytes = 256
const sealBytes = 128

/** The operation on the pod's labels. A value has at most 63 characters. */
const labelBytes = 192

/** An operation on a list of a container, with the longest possible pointer, and the comma behind it. */
const operationBytes = (list: 'env' | 'volumeMounts' | '', value: unknown): number =>
  encoder.encode(JSON.stringify([{ op: 'add', path: `${longestPointer}/${list}/99999`, value }]))
    .length

const encoder = new TextEncoder()
const longestPointer = '/spec/initContainers/999'
const requiredEntryBytes = operationBytes('env', envEntry({ variable: '' }))
const optionalEntryBytes = operationBytes('env', envEntry({ variable: '', optional: true }))
const startGateBytes = operationBytes('env', envEntry(startGate))

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
