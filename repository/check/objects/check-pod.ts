import { applyPatch } from '../../../command/review/apply-patch.ts'
import { describeInjection, findAgent } from '../../../command/review/describe-injection.ts'
import type { Serving } from '../../../command/review/read-serving.ts'
import { withoutAbsent } from '../../../lib/shape.ts'
import { type Outcome, skipReasons } from '../../../webhook/core/model/outcome.ts'
import { positionOf } from '../../input/document/position-of.ts'
import { findMisplacedAnnotations } from '../../input/objects/find-misplaced-annotations.ts'
import { findNearMisses } from '../../input/objects/find-near-misses.ts'
import type { FoundObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { reviewTemplate } from '../../input/review-template.ts'
import { repeatedLists } from '../find/find-busy-vaults.ts'
import { findExcludedNamespace } from '../find/find-excluded-namespace.ts'
import { findIdleOnChange } from '../find/find-idle-on-change.ts'
import { findOtherInjectors } from '../find/find-other-injectors.ts'
import { findTasks, hasDriverVolumes } from '../find/find-tasks.ts'
import { type Finding, problemFindings, warningFindings } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'

interface PodContext {
  readonly serving: Serving
  readonly objects: readonly FoundObject[]
}

/** Reports what the webhook would do with a pod, and which identity its agent would sign in with. */
export function checkPod(template: PodTemplate, context: PodContext): Verdict {
  const { serving } = context
  const outcome = reviewTemplate(template, {
    policy: serving.policy,
    objects: serving.servesVolumes ? context.objects : undefined,
  })
  const result = resultOf(template, outcome)
  const isDecided = outcome.kind !== 'skipped'
  const isPlain = outcome.kind === 'skipped' && outcome.reason === 'not-annotated'
  const findings = [
    ...result.findings,
    ...(serving.servesVolumes ? [] : unservedVolumes(template, outcome)),
    ...(isDecided ? findExcludedNamespace(template) : []),
    ...misplacedAnnotations(template),
    ...findIdleOnChange(template),
    ...findOtherInjectors(template),
    ...warningFindings(template, findNearMisses(template.pod)),
  ]
  return {
    subject: subjectOf(template),
    ...result,
    ...(isPlain && findings.length === 0 && { countedAs: template.title.split('/', 1).join() }),
    findings,
    tasks: isDecided ? findTasks(template, context) : [],
  }
}

type Result = Pick<Verdict, 'outcome' | 'sentence' | 'details' | 'findings' | 'lists'>

function resultOf(template: PodTemplate, outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'denied':
      return {
        outcome: 'denied',
        sentence: 'would be denied',
        details: [],
        findings: problemFindings('AKV_CHECK_DENIED', template, outcome.problems),
      }
    case 'skipped':
      return {
        outcome: 'not-injected',
        sentence: `not injected: ${skipReasons[outcome.reason]}`,
        details: [],
        findings: [],
      }
    case 'injected': {
      const pod = applyPatch(template.pod, outcome.operations)
      const { config } = findAgent(pod)
      const isServed = config.volumes !== undefined
      return {
        outcome: isServed ? 'served' : 'injected',
        sentence: `would be ${isServed ? 'served' : 'injected'}`,
        details: describeInjection(pod, template.namespace),
        findings: warningFindings(template, outcome.warnings),
        ...withoutAbsent({ lists: repeatedLists(template, config) }),
      }
    }
    default:
      return outcome satisfies never
  }
}

/**
 * Reports volumes that aren't served. For a pod without our annotations it is a problem, because it would lack its
 * files. For an annotated pod it is a warning, because its author may know.
 */
function unservedVolumes(template: PodTemplate, outcome: Outcome): readonly Finding[] {
  if (!hasDriverVolumes(template)) return []
  const isLost = outcome.kind === 'skipped' && outcome.reason === 'not-annotated'
  if (!isLost && outcome.kind !== 'injected') return []
  return [
    {
      severity: isLost ? 'problem' : 'warning',
      code: 'AKV_CHECK_UNSERVED',
      message:
        'the pod has volumes of the Secrets Store CSI Driver, which akv-injector does not serve; see docs/from-csi.md',
    },
  ]
}

/**
 * Reports our annotations on the workload. If the pod has the same annotation, it is only a warning, because the pod
 * gets what its author expects.
 */
const misplacedAnnotations = (template: PodTemplate): readonly Finding[] =>
  findMisplacedAnnotations(template).flatMap(({ problem, isOnPod, owner, key }) =>
    problemFindings('AKV_CHECK_MISPLACED', template, [problem]).map((finding) => ({
      ...finding,
      severity: isOnPod ? 'warning' : 'problem',
      position: positionOf(template.manifest, [...owner, 'metadata', 'annotations', key]),
    })),
  )
