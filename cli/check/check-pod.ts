import { type Injected, skipReasons } from '../../webhook/core/outcome.ts'
import { applyPatch } from '../input/apply-patch.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'
import type { Serving } from '../input/read-serving.ts'
import { reviewTemplate } from '../input/review-template.ts'
import { describeInjection, findAgent } from './describe/describe-injection.ts'
import { findExcludedNamespace } from './find-excluded-namespace.ts'
import { findMisplacedAnnotations } from './find-misplaced-annotations.ts'
import { findTasks, hasDriverVolumes } from './find-tasks.ts'
import { type Verdict, wrong } from './verdict.ts'

/** Reports what the webhook would do with a pod, and as whom its agent would sign in. */
export function checkPod(
  template: PodTemplate,
  by: { readonly serving: Serving; readonly objects: readonly NamedObject[] },
): Verdict {
  const { serving } = by
  const objects = serving.servesVolumes ? by.objects : undefined
  const outcome = reviewTemplate(template, { policy: serving.policy, objects })
  const title = titleOf(template)
  const isUnserved = !serving.servesVolumes && hasDriverVolumes(template)
  const misplaced = findMisplacedAnnotations(template).map(asWarning)
  const unseen = findExcludedNamespace(template).map(asWarning)
  switch (outcome.kind) {
    case 'denied': {
      const { lines } = wrong(`${title}: would be denied`, outcome.problems)
      const tasks = findTasks(template, by)
      return { isDenied: true, lines: [...lines, ...unseen, ...misplaced], tasks }
    }
    case 'skipped':
      return isUnserved && outcome.reason === 'not-annotated'
        ? { isDenied: true, lines: [`${title}: ${hasUnserved}`, ...misplaced] }
        : {
            isDenied: false,
            lines: [`${title}: not injected: ${skipReasons[outcome.reason]}`, ...misplaced],
          }
    case 'injected':
      return {
        isDenied: false,
        lines: [
          ...injectedLines(template, outcome),
          ...(isUnserved ? [asWarning(`the pod ${hasUnserved}`)] : []),
          ...unseen,
          ...misplaced,
        ],
        tasks: findTasks(template, by),
      }
    default:
      return outcome satisfies never
  }
}

const titleOf = ({ title, manifest }: PodTemplate): string => `${title} (${manifest.source})`

function injectedLines(
  template: PodTemplate,
  { operations, warnings }: Injected,
): readonly string[] {
  const pod = applyPatch(template.pod, operations)
  const isServed = findAgent(pod).config.volumes !== undefined
  return [
    `${titleOf(template)}: would be ${isServed ? 'served' : 'injected'}`,
    ...describeInjection(pod, template.namespace).map((line) => `  ${line}`),
    ...warnings.map(asWarning),
  ]
}

const hasUnserved =
  'has volumes of the Secrets Store CSI Driver, which akv-injector does not serve; docs/from-csi.md'

const asWarning = (warning: string): string => `  warning: ${warning}`
