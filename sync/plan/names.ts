/** What is ours in a Secret, and how it is marked. */

import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'
import { syncStatusKey } from '../../webhook/core/annotations/vocabulary.ts'

/** Kubernetes' recommended label. Together with an owner reference to the account it makes a Secret ours. */
export const managedByLabel = 'app.kubernetes.io/managed-by'
export const managedByUs = 'akv-injector'

/** Under this name the API server knows which fields are ours. */
export const fieldManager = 'akv-injector-sync'

/** On a ServiceAccount: the state of each of its Secrets. */
export const statusAnnotation = annotationPrefix + syncStatusKey

/** On a Secret: the objects and versions that it was made of. */
export const syncedAnnotation = `${annotationPrefix}synced`
/** On a Secret of somebody else's: `"true"` gives it to the account whose annotation names it. */
export const adoptAnnotation = `${annotationPrefix}adopt`
