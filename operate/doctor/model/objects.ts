import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'

/** The text at a path in an object of the API server. Empty if there is none. */
export function textAt(object: unknown, ...path: readonly (string | number)[]): string {
  const value = valueAt(object, ...path)
  return typeof value === 'string' ? value : ''
}

export const nameOf = (object: unknown): string => textAt(object, 'metadata', 'name')
export const namespaceOf = (object: unknown): string => textAt(object, 'metadata', 'namespace')

/** `NAMESPACE/NAME`, or the name of an object without a namespace. */
export const fullNameOf = (object: unknown): string =>
  [namespaceOf(object), nameOf(object)].filter((part) => part !== '').join('/')

/** The time at a path in an object, in milliseconds since 1970. Undefined if there is none. */
export function timeAt(object: unknown, ...path: readonly (string | number)[]): number | undefined {
  const ms = Date.parse(textAt(object, ...path))
  return Number.isNaN(ms) ? undefined : ms
}

/** The condition of this type. Empty if there is none. */
export const conditionOf = (object: unknown, type: string): JsonObject =>
  objectAt(
    objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type),
  )

/** Whether a pod is ready. */
export const isReady = (pod: unknown): boolean =>
  textAt(conditionOf(pod, 'Ready'), 'status') === 'True'

/** When an event was last seen, in either form of the API. */
export const timeOfEvent = (event: unknown): number | undefined =>
  timeAt(event, 'series', 'lastObservedTime') ??
  timeAt(event, 'lastTimestamp') ??
  timeAt(event, 'eventTime') ??
  timeAt(event, 'metadata', 'creationTimestamp')

/** The template of a workload's pods. */
export function templateOf(workload: unknown): JsonObject {
  const template = objectAt(workload, 'spec', 'template')
  return 'spec' in template || 'metadata' in template
    ? template
    : objectAt(workload, 'spec', 'jobTemplate', 'spec', 'template')
}

/** Puts a message on one line. The webhook's messages have a line for each problem. */
export const oneLine = (message: string): string => message.trim().replace(/\s*\n\s*/g, '; ')
