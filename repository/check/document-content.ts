import type { Manifest } from '../input/document/manifest.ts'
import {
  type AnnotatedManifest,
  findAnnotatedObjects,
  findNamedObjects,
  findPodTemplates,
  type NamedObject,
  type PodTemplate,
} from '../input/objects/find-objects.ts'
import { isReferredTo } from '../input/sources/referred-to.ts'
import { addKind } from './findings/kind-counts.ts'
import type { Verdict } from './findings/verdict.ts'
import { checkOtherObject } from './objects/check-other-object.ts'

/** Everything in one document that `check` examines. Its other objects aren't kept. */
export interface DocumentContent {
  readonly templates: readonly PodTemplate[]
  /** Classes, ServiceAccounts, and objects of the External Secrets Operator, which other documents may refer to. */
  readonly objects: readonly NamedObject[]
  /** ServiceAccounts with our annotations. */
  readonly accounts: readonly AnnotatedManifest[]
  /** Secrets with our annotations. */
  readonly secrets: readonly AnnotatedManifest[]
  /** Verdicts about other objects. */
  readonly others: readonly Verdict[]
}

/** An account without our annotations only matters if other objects refer to it. */
export const isOfInterest = ({ templates, objects, accounts, secrets }: DocumentContent): boolean =>
  templates.length + accounts.length + secrets.length > 0 ||
  objects.some(({ kind }) => kind !== 'ServiceAccount')

/** @param ignored - gets the objects that aren't examined */
export function contentOfDocument(
  manifest: Manifest,
  namespace: string,
  ignored: Map<string, number>,
): DocumentContent {
  const templates = findPodTemplates(manifest, namespace)
  const all = findNamedObjects(manifest, namespace)
  const accounts = findAnnotatedObjects('ServiceAccount', { manifest, namespace })
  const secrets = findAnnotatedObjects('Secret', { manifest, namespace })
  const objects = all.filter(isReferredTo)
  const checked = new Set(
    [
      ...templates.map(({ ownerPath }) => ownerPath),
      ...[...objects, ...secrets].map(({ path }) => path),
    ].map((path) => JSON.stringify(path)),
  )
  const unchecked = all.filter(({ path }) => !checked.has(JSON.stringify(path)))
  const others = unchecked.flatMap((object) => {
    const verdict = checkOtherObject(object)
    if (verdict === undefined) addKind(ignored, object.kind)
    return verdict ?? []
  })
  return {
    templates: compact(templates),
    objects: compact(objects),
    accounts: compact(accounts),
    secrets: compact(secrets),
    others: compact(others),
  }
}

/**
 * Replaces empty lists by a shared one: most documents fill only one of these lists, and a file may have a million
 * documents.
 */
const compact = <T>(list: readonly T[]): readonly T[] => (list.length === 0 ? none : list)

const none: readonly never[] = []

export const hasNoContent = ({
  templates,
  objects,
  accounts,
  secrets,
  others,
}: DocumentContent): boolean =>
  templates.length + objects.length + accounts.length + secrets.length + others.length === 0
