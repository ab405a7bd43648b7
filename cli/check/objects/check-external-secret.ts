import type { NamedObject } from '../../input/find-objects.ts'
import { subjectOf, type Verdict } from '../verdict.ts'

/** The API groups of the External Secrets Operator. */
const operatorGroup = /^(?:[a-z0-9.-]{1,253}\.)?external-secrets\.io\//

/** Whether an object is one of the External Secrets Operator. */
export function isExternalSecretsKind({ object }: Pick<NamedObject, 'object'>): boolean {
  const { apiVersion } = object
  return typeof apiVersion === 'string' && operatorGroup.test(apiVersion)
}

/** The kinds that annotations of a ServiceAccount replace. */
const replaced: readonly unknown[] = ['ExternalSecret', 'SecretStore', 'ClusterSecretStore']

/** Reports that nobody here acts on an object of the External Secrets Operator. */
export function checkExternalSecretsKind(found: NamedObject): Verdict {
  const instead = replaced.includes(found.kind) ? '; docs/from-external-secrets.md' : ''
  return {
    subject: subjectOf(found),
    outcome: 'not-served',
    sentence: 'not served',
    details: [],
    findings: [
      {
        severity: 'problem',
        code: 'AKV_CHECK_UNSERVED',
        message: `akv-injector does not serve objects of the External Secrets Operator${instead}`,
      },
    ],
  }
}
