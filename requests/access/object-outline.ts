import type { OutlinePath } from '../../lib/json/wanted-places.ts'
import { accountAnnotationPatterns } from '../account/read-account.ts'

/**
 * What is read of an object that is too large to be read: what identifies it, the annotations of an account, the names of the
 * Secrets that it claims, and its status. Only metadata may have `*`, because strangers can't choose the names of its members.
 */
export const objectOutline: readonly OutlinePath[] = [
  ['metadata', '*'],
  ...accountAnnotationPatterns.map((name) => ['metadata', 'annotations', name]),
  ['spec', 'provider'],
  ['spec', 'target', 'name'],
  ['spec', 'secretObjects', '*', 'secretName'],
  ['status', 'phase'],
  ['status', 'refreshTime'],
  ['status', 'syncedResourceVersion'],
  ['status', 'binding', 'name'],
  ...['type', 'status', 'reason', 'message', 'lastTransitionTime'].map((name) => [
    'status',
    'conditions',
    '*',
    name,
  ]),
]
