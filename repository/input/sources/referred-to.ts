import type { FoundObject } from '../objects/find-objects.ts'
import { isExternalSecretsKind } from './external-secrets-kind.ts'

/** Whether an object is a SecretProviderClass. */
export const isClass = ({ kind }: Pick<FoundObject, 'kind'>): boolean =>
  kind === 'SecretProviderClass'

/** Whether other objects refer to the object by its name, so that it matters which environment it belongs to. */
export const isReferredTo = (object: FoundObject): boolean =>
  object.kind === 'ServiceAccount' || isClass(object) || isExternalSecretsKind(object)
