import type { FoundObject } from '../objects/find-objects.ts'

/** The API groups of the External Secrets Operator, apart from that of its own install. */
const operatorGroup = /^(?:generators\.)?external-secrets\.io\//
const servedVersions: readonly unknown[] = ['external-secrets.io/v1', 'external-secrets.io/v1beta1']

type Typed = Pick<FoundObject, 'object' | 'kind'>

/** Whether an object is one of the External Secrets Operator. */
export const isExternalSecretsKind = ({ object: { apiVersion } }: Pick<Typed, 'object'>): boolean =>
  typeof apiVersion === 'string' && operatorGroup.test(apiVersion)

/** Whether an object is an ExternalSecret that Secret sync reads. */
export const isExternalSecret = ({ kind, object }: Typed): boolean =>
  kind === 'ExternalSecret' && servedVersions.includes(object['apiVersion'])

/** Whether an object is a store that Secret sync reads. */
export const isSecretStore = ({ kind, object }: Typed): boolean =>
  (kind === 'SecretStore' || kind === 'ClusterSecretStore') &&
  servedVersions.includes(object['apiVersion'])
