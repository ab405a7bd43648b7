/** Which objects a refresh requests. Pure. */

import { groupParts, isCertificateObject } from './certificate-parts.ts'
import { finalObjects } from './known-versions.ts'
import { unknownStatus } from './object-status.ts'
import type { ProjectionConfig } from './project-content.ts'
import type { RefreshState } from './refresh-content.ts'
import { type WantedObject, wantedKey, wantedObjects } from './wanted-objects.ts'

/** The objects that can change: all except pinned versions that are in place already. */
export function refreshableObjects(
  config: ProjectionConfig,
  state: RefreshState,
): readonly WantedObject[] {
  const objects = wantedObjects(config)
  const final = finalObjects(objects, { config, ...state })
  return objects.filter((object) => !final.has(wantedKey(object)))
}

/**
 * The given objects without those that back off after a failure. If somebody asks for a refresh, the cause may be mended, so
 * only a vault's own pause counts.
 */
export function dueObjects(
  objects: readonly WantedObject[],
  refresh: Pick<RefreshState, 'statuses'> & {
    readonly nowMs: number
    readonly isAskedFor?: boolean
  },
): readonly WantedObject[] {
  const { statuses, nowMs, isAskedFor = false } = refresh
  const backingOff = withOtherParts(objects, (object) => {
    const { dueAtMs, isUnserved } = statuses.get(wantedKey(object)) ?? unknownStatus
    return dueAtMs > nowMs && (!isAskedFor || isUnserved === true)
  })
  return objects.filter((object) => !backingOff.has(object))
}

/** Those of the given objects that failed the last time, or were never fetched, with what they need to be written. */
export function failedObjects(
  objects: readonly WantedObject[],
  { statuses }: Pick<RefreshState, 'statuses'>,
): readonly WantedObject[] {
  const failed = withOtherParts(objects, (object) => {
    const status = statuses.get(wantedKey(object))
    return status?.error !== undefined || status?.goodAtMs === undefined
  })
  const all = withPartners(objects, failed)
  return objects.filter((object) => all.has(object))
}

/** Adds the other objects of their key stores, and of the key stores that share a password with these. */
function withPartners(
  objects: readonly WantedObject[],
  some: ReadonlySet<WantedObject>,
): ReadonlySet<WantedObject> {
  const byKey = new Map(objects.map((object) => [wantedKey(object), object]))
  const all = new Set(some)
  // A Set also gives what is added to it meanwhile.
  for (const { partners = [] } of all)
    for (const key of partners) {
      const partner = byKey.get(key)
      if (partner !== undefined) all.add(partner)
    }
  return all
}

/**
 * The objects that match, and the other parts of their certificates, because the parts of a certificate are fetched
 * together at one version. A group without the certificate object isn't extended: a secret and a key of one name may be
 * unrelated. If they do belong together and one fails, `fetchConsistently` lets both fail.
 */
function withOtherParts(
  objects: readonly WantedObject[],
  isMatch: (object: WantedObject) => boolean,
): ReadonlySet<WantedObject> {
  const matching = new Set(objects.filter(isMatch))
  for (const parts of groupParts(objects))
    if (parts.some(isCertificateObject) && parts.some((part) => matching.has(part)))
      for (const part of parts) matching.add(part)
  return matching
}
