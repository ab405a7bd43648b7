import { printLines } from '../../lib/print-lines.ts'
import { readAccount } from '../../sync/request/read-account.ts'
import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'
import { syncKey } from '../../webhook/core/annotations/vocabulary.ts'
import { skipReasons } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { applyPatch } from '../input/apply-patch.ts'
import {
  type AnnotatedManifest,
  findAnnotatedObjects,
  findPodTemplates,
  type PodTemplate,
} from '../input/find-objects.ts'
import { readManifests } from '../input/read-manifests.ts'
import { policyFromEnvironment, reviewTemplate } from '../input/review-template.ts'
import { checkSecret } from './check-secret.ts'
import { describeInjection } from './describe-injection.ts'
import { describeSync } from './describe-sync.ts'
import { findExcludedNamespace } from './find-excluded-namespace.ts'
import { findMisplacedAnnotations } from './find-misplaced-annotations.ts'
import { type Verdict, wrong } from './verdict.ts'

export interface CheckOptions {
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector check`: reports on standard output what the webhook would do with each pod, and what Secret sync would
 * do for each annotated ServiceAccount and Secret.
 *
 * @throws InputError when a file or a setting is invalid
 */
export function check({ files, namespace }: CheckOptions): ExitCode {
  const policy = policyFromEnvironment()
  const verdicts = readManifests(files).flatMap((manifest) => [
    ...findPodTemplates(manifest, namespace).map((template) => verdict(template, policy)),
    ...findAnnotatedObjects('ServiceAccount', { manifest, namespace }).map((account) =>
      accountVerdict(account, policy),
    ),
    ...findAnnotatedObjects('Secret', { manifest, namespace }).map(checkSecret),
  ])
  if (verdicts.length === 0)
    printLines(process.stdout, [
      'nothing to check: found no pods, pod templates, or annotated ServiceAccounts or Secrets',
    ])
  for (const { lines } of verdicts) printLines(process.stdout, lines)
  return verdicts.some(({ isDenied }) => isDenied) ? 1 : 0
}

function verdict(template: PodTemplate, policy: Policy): Verdict {
  const outcome = reviewTemplate(template, { policy })
  const title = `${template.title} (${template.manifest.source})`
  const misplaced = findMisplacedAnnotations(template).map((warning) => `  warning: ${warning}`)
  const unseen = findExcludedNamespace(template).map((warning) => `  warning: ${warning}`)
  switch (outcome.kind) {
    case 'denied': {
      const { lines } = wrong(`${title}: would be denied`, outcome.problems)
      return { isDenied: true, lines: [...lines, ...unseen, ...misplaced] }
    }
    case 'skipped':
      return {
        isDenied: false,
        lines: [`${title}: not injected: ${skipReasons[outcome.reason]}`, ...misplaced],
      }
    case 'injected': {
      const pod = applyPatch(template.pod, outcome.operations)
      const warnings = outcome.warnings.map((warning) => `  warning: ${warning}`)
      const description = describeInjection(pod).map((line) => `  ${line}`)
      return {
        isDenied: false,
        lines: [
          `${title}: would be injected`,
          ...description,
          ...warnings,
          ...unseen,
          ...misplaced,
        ],
      }
    }
    default:
      return outcome satisfies never
  }
}

function accountVerdict(account: AnnotatedManifest, policy: Policy): Verdict {
  const title = `${account.title} (${account.manifest.source})`
  const request = readAccount(account, policy)
  const { unquoted } = account
  if (unquoted.length > 0)
    return wrong(`${title}: would not be synced`, [
      ...unquoted,
      ...(request.kind === 'refused' ? request.problems : []),
    ])
  const notSynced = (reason: string): Verdict => ({
    isDenied: false,
    lines: [`${title}: not synced: ${reason}`],
  })
  switch (request.kind) {
    case 'none':
      return notSynced(`it has no ${annotationPrefix}${syncKey} annotation`)
    case 'off':
      return notSynced(skipReasons['turned-off'])
    case 'refused':
      return wrong(`${title}: would not be synced`, request.problems)
    case 'wanted': {
      const description = describeSync(account, request).map((line) => `  ${line}`)
      return { isDenied: false, lines: [`${title}: would be synced`, ...description] }
    }
    default:
      return request satisfies never
  }
}
