import { printable } from '../../../lib/printable.ts'
import { isObject, objectAt, scalarText } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { onChangeKey, rolloutObstacle } from '../../../requests/annotations/on-change.ts'
import { toPlain } from '../document/to-plain.ts'
import { isAnnotated, type PodTemplate } from './find-objects.ts'

/** The annotation that asks for roll-outs of a workload. */
interface FoundOnChange {
  readonly text: string
  /** Whether the pods are injected. Then the annotation is in the template, and otherwise in the workload's own metadata. */
  readonly isInjected: boolean
  /** The path of the template or the workload that has it. */
  readonly path: PodTemplate['path']
  /** The sentence that says why the workload can't be rolled out. Absent if it can. */
  readonly obstacle: string | undefined
}

/** Finds the annotation that counts for a workload. */
export function findOnChange(template: PodTemplate): FoundOnChange | undefined {
  const workload = objectAt(toPlain(template.manifest), ...template.ownerPath)
  const isInjected = isAnnotated(template)
  const value = annotationsOf(isInjected ? template.pod : workload)[annotationPrefix + onChangeKey]
  if (value === undefined) return undefined
  const { apiVersion, kind } = workload
  const obstacle = rolloutObstacle({ apiVersion, kind, controller: controllerOf(workload) })
  const path = isInjected ? template.path : template.ownerPath
  return { text: scalarText(value), isInjected, path, obstacle }
}

function controllerOf(workload: unknown): string | undefined {
  const { ownerReferences } = objectAt(workload, 'metadata')
  const controller = (Array.isArray(ownerReferences) ? ownerReferences : []).find(
    (owner: unknown) => isObject(owner) && owner['controller'] === true,
  )
  return isObject(controller)
    ? printable(`${scalarText(controller['kind'])}/${scalarText(controller['name'])}`, 120)
    : undefined
}
