import { readAccount } from '../../../requests/account/read-account.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { findObject } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { reviewTemplate } from '../../input/review-template.ts'
import type { MigratedContent } from '../content/content.ts'
import type { Migration } from '../plan/plan-migration.ts'
import { podView } from '../plan/pod-view.ts'

/** An object that asks for something else than before. */
export interface Difference {
  readonly title: string
  /** The file of the object. For an account that no file had, the file of its source. */
  readonly source: string
  /** Whether it differs only with the values that the caller gave. */
  readonly isOfValues?: true
}

/** Compares manifests with the result of their migration, which has been read again from its text. */
export function findDifferences(
  old: MigratedContent,
  rewritten: MigratedContent,
  migration: Migration,
): readonly Difference[] {
  const pods = old.templates.filter((template, i) => {
    const counterpart = rewritten.templates[i]
    return counterpart === undefined || view(template, old) !== view(counterpart, rewritten)
  })
  return [
    ...pods.map(differenceAt),
    ...rewritten.templates.slice(old.templates.length).map(differenceAt),
    ...strayObjects(old, rewritten, migration),
    ...wrongAccounts(rewritten, migration),
  ]
}

const view = (template: PodTemplate, { policy, viewOf }: MigratedContent): string =>
  podView(template.pod, reviewTemplate(template, { policy, objects: viewOf(template).lookUps }))

const differenceAt = ({
  title,
  manifest,
}: Pick<NamedObject, 'title' | 'manifest'>): Difference => ({
  title,
  source: manifest.source,
})

/** Finds objects that the plan doesn't mention, but that are missing, different or new. */
function strayObjects(
  old: MigratedContent,
  rewritten: MigratedContent,
  { pods, removed, accounts }: Migration,
): readonly Difference[] {
  const keyOf = (object: Pick<NamedObject, 'title' | 'manifest'>) =>
    JSON.stringify(differenceAt(object))
  const changed = new Set([
    ...pods.map(({ template }) => keyOf(template)),
    ...accounts.flatMap(({ existing }) => (existing ? keyOf(existing) : [])),
  ])
  const added = new Set(
    accounts.flatMap(({ name, existing }) => (existing ? [] : `ServiceAccount/${name}`)),
  )
  const removedObjects = new Set(removed)
  const countsOf = (objects: readonly NamedObject[]) =>
    Map.groupBy(
      objects.filter(
        (object) =>
          !removedObjects.has(object) && !changed.has(keyOf(object)) && !added.has(object.title),
      ),
      (object) => `${keyOf(object)} ${JSON.stringify(object.object)}`,
    )
  const before = countsOf(old.objects)
  const after = countsOf(rewritten.objects)
  return [...new Map([...after, ...before])]
    .filter(([key]) => before.get(key)?.length !== after.get(key)?.length)
    .flatMap(([_key, [object]]) => (object ? differenceAt(object) : []))
}

/** Finds accounts whose annotations aren't as planned. */
function wrongAccounts(
  { viewOf, policy }: MigratedContent,
  { accounts }: Migration,
): readonly Difference[] {
  return accounts
    .filter(({ namespace, name, annotations, source, existing }) => {
      const { lookUps } = viewOf(existing ?? source)
      const found = findObject<FoundObject>(lookUps, { kind: 'ServiceAccount', namespace, name })
      const read = annotationsOf(found?.object)
      const requestOf = (variant: typeof annotations) =>
        JSON.stringify(readAccount({ namespace, name, annotations: variant }, policy))
      return requestOf(read) !== requestOf(annotations)
    })
    .map(({ name, existing, source }) => ({
      title: `ServiceAccount/${name}`,
      source: (existing ?? source).manifest.source,
    }))
}
