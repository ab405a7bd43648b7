import { row } from '../../../command/review/describe-wanted.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { isObject } from '../../../lib/shape.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { storeContent } from '../../../requests/external-secret/external-secret-source.ts'
import type { StoreKind } from '../../../requests/external-secret/read-store.ts'
import { accountProblem } from '../../../requests/source/choose-account.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import { enabledIn } from '../../input/accounts/enabled-in.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { hasPlaceholder } from '../../input/placeholders/open-names.ts'
import { seenStore } from '../../input/sources/external-secret-reader.ts'
import { describeComposed } from '../describe/describe-composed.ts'
import type { SourceFacts } from '../find/read-sources.ts'
import { problemFindings, warningFindings } from '../findings/finding.ts'
import type { Task } from '../findings/task.ts'
import { leftToOperator, subjectOf, type Verdict } from '../findings/verdict.ts'
import { noClient, warning } from './check-account.ts'

/** Reports whether Secret sync would make the Secret of an ExternalSecret, and which account it would read as. */
export function checkExternalSecret(
  found: NamedObject,
  { source, mistakes, listed }: SourceFacts,
): Verdict {
  const subject = subjectOf(found)
  const { namespace } = found
  const notSynced = { subject, outcome: 'not-synced' } as const
  if (source?.isLeftAlone) {
    const reasons = source.problems.map(describeProblem).join('; ')
    return leftToOperator(found, 'not-synced', `not synced: ${reasons}`)
  }
  const chosen =
    source && chooseAccountInFiles(source.hints, { namespace, listed, what: 'the ExternalSecret' })
  // While the store isn't known, it could still name the account.
  const isOpen = source?.hints.isOpen || mistakes.some(({ sentence }) => hasPlaceholder(sentence))
  const undecided =
    chosen?.kind === 'none' && !isOpen ? [accountProblem(chosen.sentence, chosen.path)] : []
  const problems = [...mistakes, ...undecided]
  if (source === undefined || chosen?.kind !== 'chosen' || problems.length > 0)
    return {
      ...notSynced,
      sentence: 'would not be synced',
      details: source?.problems.length === 0 ? describeComposed(source) : [],
      findings: problemFindings('AKV_SYNC_SOURCE', found, problems),
      ...(undecided.length > 0 && listed.length === 0 && { tasks: [addAccount(namespace)] }),
    }
  const account = `ServiceAccount ${chosen.name}`
  const inFiles = listed.find(({ name, isElsewhere }) => name === chosen.name && !isElsewhere)
  const lacksClient = inFiles !== undefined && inFiles.clientId === undefined
  return {
    subject,
    outcome: 'synced',
    sentence: `would be synced as ${account}`,
    details: [
      ...describeComposed(source),
      row('needs', `sync.externalSecrets of the chart, and ${account} ${enabledIn(namespace)}`),
    ],
    findings: [
      ...(source.notes ?? []).map(warning),
      ...(lacksClient ? [warning(`${account}: ${noClient}`)] : []),
    ],
  }
}

const addAccount = (namespace: string): Task => ({
  kind: 'add',
  isForSync: true,
  namespace,
  account: 'secret-sync',
})

/** Reports whether ExternalSecrets could use a store. */
export function checkSecretStore(found: NamedObject, policy: Policy): Verdict {
  const { namespace } = found
  const kind = found.kind as StoreKind
  const content = storeContent(seenStore(usableFrom(found)), { kind, namespace, policy })
  if (content.kind === 'other')
    return leftToOperator(found, 'not-served', `would not be used: ${content.sentence}`)
  const unused = { subject: subjectOf(found), outcome: 'not-served', details: [] } as const
  if (content.kind !== 'read')
    return { ...unused, sentence: `would not be used: ${content.sentence}`, findings: [] }
  const { problems, vault, tenantId, account, unused: withoutEffect } = content.store
  if (problems.length > 0)
    return {
      ...unused,
      sentence: 'would not be used',
      findings: problemFindings('AKV_SYNC_SOURCE', found, problems),
    }
  const tenant = tenantId === undefined ? '' : ` in tenant ${tenantId}`
  const reader =
    account === undefined ? 'chosen for each ExternalSecret' : `ServiceAccount ${account}`
  return {
    ...unused,
    outcome: 'served',
    sentence: 'would be used',
    details: [row('vault', `${vault}${tenant}`), row('account', reader)],
    findings: warningFindings(found, withoutEffect),
  }
}

/**
 * Returns the store with a condition that is always met, because its own conditions are about the namespaces of
 * ExternalSecrets.
 */
function usableFrom(found: NamedObject): NamedObject {
  const { namespace, object } = found
  const { spec } = object
  if (found.kind === 'SecretStore' || !isObject(spec) || !Array.isArray(spec['conditions']))
    return found
  const conditions = [...spec['conditions'], { namespaces: [namespace] }]
  return { ...found, object: { ...object, spec: { ...spec, conditions } } }
}
