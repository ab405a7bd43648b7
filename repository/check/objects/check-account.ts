import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationPrefix, syncKey } from '../../../requests/annotations/keys/own-annotations.ts'
import { skipReasons } from '../../../webhook/core/model/outcome.ts'
import type { AnnotatedManifest } from '../../input/objects/find-objects.ts'
import { describeSync } from '../describe/describe-sync.ts'
import { type Finding, problemFindings } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'

/** Reports what Secret sync would do for an annotated ServiceAccount. */
export function checkAccount(account: AnnotatedManifest, policy: Policy): Verdict {
  const request = readAccount(account, policy)
  const subject = subjectOf(account)
  const problems = [...account.unquoted, ...(request.kind === 'refused' ? request.problems : [])]
  const notSynced = { subject, outcome: 'not-synced', details: [], findings: [] } as const
  if (problems.length > 0)
    return {
      ...notSynced,
      sentence: 'would not be synced',
      findings: problemFindings('AKV_SYNC_ANNOTATION', account, problems),
    }
  switch (request.kind) {
    case 'none':
      return {
        ...notSynced,
        sentence: `not synced: it has no ${annotationPrefix}${syncKey} annotation`,
      }
    case 'off':
      return { ...notSynced, sentence: `not synced: ${skipReasons['turned-off']}` }
    case 'refused':
      throw new Error('an account was refused without a problem')
    case 'wanted': {
      const { config, azure } = request
      const isKnown = (config.identity.clientId ?? azure.clientId) !== undefined
      return {
        subject,
        outcome: 'synced',
        sentence: 'would be synced',
        details: describeSync(account, request),
        findings: isKnown ? [] : [warning(noClient)],
      }
    }
    default:
      return request satisfies never
  }
}

/** The warning for an account that names no client. */
export const noClient = 'no client ID is configured; annotate azure.workload.identity/client-id'

export const warning = (message: string): Finding => ({
  severity: 'warning',
  code: 'AKV_CHECK_WARNING',
  message,
})
