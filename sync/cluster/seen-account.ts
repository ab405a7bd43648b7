import { isObject } from '../../lib/shape.ts'
import { asksForSecrets, isReadAnnotation } from '../../requests/account/read-account.ts'
import { maxStatusLength } from '../../requests/account/sync-status.ts'
import { annotationPrefix, syncKey } from '../../requests/annotations/keys/own-annotations.ts'
import { statusAnnotation } from '../../requests/secret/names.ts'
import type { SeenAccount } from './cluster-port.ts'

/**
 * Reads a ServiceAccount of a list or a watch. Returns an empty list for anything else. Annotations that we don't read
 * are left out, because a namespace may have thousands of accounts with 256 KiB of annotations each.
 */
export function readSeenAccount(object: unknown): readonly SeenAccount[] {
  const metadata = isObject(object) ? object['metadata'] : undefined
  if (!isObject(metadata)) return []
  const { namespace, name, uid, resourceVersion } = metadata
  const texts = [namespace, name, uid, resourceVersion]
  if (!texts.every((text) => typeof text === 'string')) return []
  const all = isObject(metadata['annotations']) ? metadata['annotations'] : {}
  const annotations = Object.fromEntries(
    Object.entries(all).filter(([key]) => isReadAnnotation(key)),
  )
  const status = all[statusAnnotation]
  return [
    {
      namespace,
      name,
      uid,
      resourceVersion,
      annotations,
      // The controller never writes a longer status, so a longer text isn't kept.
      ...(typeof status === 'string' && {
        status: status.length > maxStatusLength ? '' : status,
      }),
    } as SeenAccount,
  ]
}

/** For an account that isn't enabled, keeps only whether it requests Secrets. */
export const withoutDetails = ({ status: _, ...account }: SeenAccount): SeenAccount => ({
  ...account,
  annotations: asksForSecrets(account) ? { [annotationPrefix + syncKey]: '' } : {},
})
