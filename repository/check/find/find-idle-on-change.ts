import { printable } from '../../../lib/printable.ts'
import { annotationPath, type Problem } from '../../../lib/problems/problem.ts'
import { isObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import {
  onChangeKey,
  parseOnChange,
  rolloutObstacle,
} from '../../../requests/annotations/on-change.ts'
import { toPlain } from '../../input/document/to-plain.ts'
import { isAnnotated, type PodTemplate } from '../../input/objects/find-objects.ts'
import { type Finding, problemFindings } from '../findings/finding.ts'

const key = annotationPrefix + onChangeKey

/**
 * Reports an annotation that asks for roll-outs that can't happen. In the own metadata of a workload, nothing else reads its
 * value, so this is a problem. In a template, the pods still get their objects, so it is a warning.
 */
export function findIdleOnChange(template: PodTemplate): readonly Finding[] {
  const { manifest, path, ownerPath, pod } = template
  const workload = objectAt(toPlain(manifest), ...ownerPath)
  const isInjected = isAnnotated(template)
  const value = annotationsOf(isInjected ? pod : workload)[key]
  if (value === undefined) return []
  const obstacle = rolloutObstacle({ ...pickKind(workload), controller: controllerOf(workload) })
  // The webhook reads the value of a pod.
  const problem =
    obstacle === undefined ? valueProblem(isInjected ? 'rollout' : value) : { sentence: obstacle }
  if (problem === undefined) return []
  const place = { manifest, path: isInjected ? path : ownerPath }
  return problemFindings('AKV_CHECK_ROLLOUT', place, [
    { path: annotationPath(key), ...problem },
  ]).map((finding) => ({
    ...finding,
    severity: isInjected ? 'warning' : 'problem',
  }))
}

const pickKind = ({ apiVersion, kind }: ReturnType<typeof objectAt>) => ({ apiVersion, kind })

function valueProblem(value: unknown): Omit<Problem, 'path'> | undefined {
  const text = String(value)
  const parsed = parseOnChange(text)
  return parsed.kind === 'valid' ? undefined : { found: printable(text), sentence: parsed.problem }
}

function controllerOf(workload: unknown): string | undefined {
  const owners = valueAt(workload, 'metadata', 'ownerReferences')
  const controller = (Array.isArray(owners) ? owners : []).find(
    (owner: unknown) => isObject(owner) && owner['controller'] === true,
  )
  return isObject(controller)
    ? printable(`${String(controller['kind'])}/${String(controller['name'])}`, 120)
    : undefined
}
