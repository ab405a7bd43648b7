import { printable } from '../../../lib/printable.ts'
import { annotationPath, type Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { onChangeKey, parseOnChange } from '../../../requests/annotations/on-change.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'
import { findOnChange } from '../../input/objects/find-on-change.ts'
import { type Finding, problemFindings } from '../findings/finding.ts'

const path = annotationPath(annotationPrefix + onChangeKey)

/**
 * Reports an annotation that asks for roll-outs that can't happen. In the own metadata of a workload, nothing else reads its
 * value, so this is a problem. In a template, the pods still get their objects, so it is a warning.
 */
export function findIdleOnChange(template: PodTemplate): readonly Finding[] {
  const found = findOnChange(template)
  if (found === undefined) return []
  const { text, isInjected, obstacle } = found
  // The webhook reads the value of a pod.
  const problem =
    obstacle === undefined ? !isInjected && onChangeProblem(text) : { path, sentence: obstacle }
  if (!problem) return []
  const place = { manifest: template.manifest, path: found.path }
  return problemFindings('AKV_CHECK_ROLLOUT', place, [problem]).map((finding) => ({
    ...finding,
    severity: isInjected ? 'warning' : 'problem',
  }))
}

/** The problem with a value of the annotation, if it has one. */
export function onChangeProblem(text: string): Problem | undefined {
  const parsed = parseOnChange(text)
  return parsed.kind === 'valid'
    ? undefined
    : { path, found: printable(text), sentence: parsed.problem }
}
