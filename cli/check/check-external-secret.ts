import type { NamedObject } from '../input/find-objects.ts'
import type { Verdict } from './verdict.ts'

/** The API groups of the External Secrets Operator. */
const operatorGroup = /^(?:[a-z0-9.-]{1,253}\.)?external-secrets\.io\//

/** Whether an object is one of the External Secrets Operator. */
export function isExternalSecretsKind({ object }: NamedObject): boolean {
  const { apiVersion } = object
  return typeof apiVersion === 'string' && operatorGroup.test(apiVersion)
}

/** The kinds that annotations of a ServiceAccount replace. */
const replaced: readonly unknown[] = ['ExternalSecret', 'SecretStore', 'ClusterSecretStore']

/** Reports that nobody here acts on an object of the External Secrets Operator. */
export function checkExternalSecretsKind(title: string, { kind }: NamedObject): Verdict {
  const instead = replaced.includes(kind) ? '; docs/from-external-secrets.md' : ''
  return { isDenied: true, lines: [`${title}: is not served here${instead}`] }
}
