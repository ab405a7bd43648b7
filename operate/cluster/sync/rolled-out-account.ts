import { isObject, objectAt } from '../../../lib/shape.ts'
import { readRolloutRecord } from '../../../requests/rollouts/record.ts'
import { recordAnnotation } from '../../../requests/rollouts/rollout-names.ts'

/** A ServiceAccount whose workloads may be rolled out, and what the controller has recorded about them. */
export interface RolledOutAccount {
  readonly namespace: string
  readonly name: string
  readonly record: NonNullable<ReturnType<typeof readRolloutRecord>>
}

/** Reads a ServiceAccount as the API server returned it. Returns undefined if it has no record of roll-outs. */
export function readRolledOutAccount(account: unknown): RolledOutAccount | undefined {
  const { namespace, name, annotations } = objectAt(account, 'metadata')
  const text = isObject(annotations) ? annotations[recordAnnotation] : undefined
  const record = typeof text === 'string' ? readRolloutRecord(text) : undefined
  return record && { namespace: String(namespace), name: String(name), record }
}
