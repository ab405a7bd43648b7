import { readAccount } from '../../sync/request/read-account.ts'
import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'
import { syncKey } from '../../webhook/core/annotations/vocabulary.ts'
import { skipReasons } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { AnnotatedManifest } from '../input/find-objects.ts'
import { describeSync } from './describe/describe-sync.ts'
import { type Verdict, wrong } from './verdict.ts'

/** Reports what Secret sync would do for an annotated ServiceAccount. */
export function checkAccount(account: AnnotatedManifest, policy: Policy): Verdict {
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
