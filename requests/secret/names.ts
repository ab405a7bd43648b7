/** The names that mark what the controller writes. */

import { annotationPrefix, syncStatusKey } from '../annotations/keys/own-annotations.ts'

/** Kubernetes' recommended label. A Secret is the controller's if it has this label and is owned by the account. */
export const managedByLabel = 'app.kubernetes.io/managed-by'
export const managedByUs = 'akv-injector'

/** The API server records under this name which fields the controller owns. */
export const fieldManager = 'akv-injector-sync'

/** On a ServiceAccount: the status of each of its Secrets. */
export const statusAnnotation = annotationPrefix + syncStatusKey

/** On a Secret: the vault objects, with their versions, whose values the Secret holds. */
export const syncedAnnotation = `${annotationPrefix}synced`
/** On a Secret: when the controller last changed its values. Secrets of earlier versions don't have it. */
export const changedAtAnnotation = `${annotationPrefix}changed-at`
/** On somebody else's Secret: `"true"` hands it over to the account whose annotation names it. */
export const adoptAnnotation = `${annotationPrefix}adopt`
