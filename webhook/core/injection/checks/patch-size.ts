import { hasFiles } from '../../../../init-agent/contract.ts'
import type { Problem } from '../../../../lib/problem.ts'
import { annotationPrefix } from '../../annotations/own-annotations.ts'
import { envEntry } from '../env-entry.ts'
import { filesMount } from '../files-mount.ts'
import type { Plan } from '../plan.ts'

/** Of the operations as JSON. etcd takes 1.5 MiB of a whole object, and each review of a large pod costs memory here. */
export const maxPatchBytes = 1024 * 1024

/**
 * Refuses a plan whose patch would be too large, before any of its operations is made.
 *
 * The size follows from the plan alone, not from what the pod has already or where a container stands: a pod that was
 * accepted once is accepted again when another webhook has changed it. A list that isn't there yet takes a third less.
 */
export function patchProblems(plan: Plan): readonly Problem[] {
  if (patchBytes(plan) <= maxPatchBytes) return []
  const { config, consumers } = plan
  const variables = config.env.length === 1 ? '1 variable' : `${config.env.length} variables`
  return [
    {
      subject: 'the patch of the pod',
      found: `${variables}${hasFiles(config) ? ' and a mount' : ''} for ${consumers.length} containers`,
      sentence: `would be larger than 1 MiB; name only the containers that need them in ${annotationPrefix}containers, or ask for fewer variables, shorter names or a shorter ${annotationPrefix}mount-path`,
    },
  ]
}

/** At least as many bytes as the operations of the plan have together, whatever is there already. */
export function patchBytes(plan: Plan): number {
  const { config, consumers, agent, volumes, mountPath } = plan
  const mount = hasFiles(config) ? operationBytes('volumeMounts', filesMount(mountPath)) : 0
  return (
    operationBytes('', agent) +
    sum(volumes.map((volume) => operationBytes('', volume))) +
    consumers.length * (mount + sum(config.env.map(variableBytes)))
  )
}

/** A valid name is ASCII without anything that JSON escapes, and stands in its entry twice. */
const variableBytes = ({ variable, optional }: Plan['config']['env'][number]): number =>
  2 * variable.length + (optional ? optionalEntryBytes : requiredEntryBytes)

/** An operation on a list of a container, whose pointer is as long as one can be, and what parts it from the next. */
const operationBytes = (list: 'env' | 'volumeMounts' | '', value: unknown): number =>
  encoder.encode(JSON.stringify([{ op: 'add', path: `${longestPointer}/${list}/99999`, value }]))
    .length

const encoder = new TextEncoder()
const longestPointer = '/spec/initContainers/999'
const object = { vault: '', type: 'secret', name: '' } as const
const requiredEntryBytes = operationBytes('env', envEntry({ variable: '', object }))
const optionalEntryBytes = operationBytes('env', envEntry({ variable: '', object, optional: true }))

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
