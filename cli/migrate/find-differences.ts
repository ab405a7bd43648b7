import { readAccount } from '../../requests/account/read-account.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { annotationsOf } from '../input/annotations-of.ts'
import type { ViewOf } from '../input/environments/folder-views.ts'
import { findObject } from '../input/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../input/find-objects.ts'
import { reviewTemplate } from '../input/review-template.ts'
import type { Migration } from './plan-migration.ts'
import { podView } from './pod-view.ts'

interface Content {
  readonly policy: Policy
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
  readonly viewOf: ViewOf
}

/**
 * Compares manifests with the result of their migration, which is read anew from its text.
 *
 * @returns the titles of objects that ask for anything else than before
 */
export function findDifferences(
  old: Content,
  rewritten: Content,
  migration: Migration,
): readonly string[] {
  const pods = old.templates
    .filter((template, i) => {
      const counterpart = rewritten.templates[i]
      return counterpart === undefined || view(template, old) !== view(counterpart, rewritten)
    })
    .map(({ title }) => title)
  const more = rewritten.templates.slice(old.templates.length).map(({ title }) => title)
  return [
    ...pods,
    ...more,
    ...strayObjects(old, rewritten, migration),
    ...wrongAccounts(rewritten, migration),
  ]
}

const view = (template: PodTemplate, { policy, viewOf }: Content): string =>
  podView(template.pod, reviewTemplate(template, { policy, objects: viewOf(template).lookUps }))

/** Objects that the migration doesn't change, and that are missing, different or new all the same. */
function strayObjects(old: Content, rewritten: Content, migration: Migration): readonly string[] {
  const { pods, removed, accounts } = migration
  const changed = new Set([
    ...pods.map(({ template }) => template.title),
    ...accounts.map(({ name }) => `ServiceAccount/${name}`),
  ])
  const removedObjects = new Set(removed)
  const textsOf = (objects: readonly NamedObject[]) =>
    objects
      .filter((object) => !removedObjects.has(object) && !changed.has(object.title))
      .map(({ title, object }) => `${title} ${JSON.stringify(object)}`)
  const before = countOf(textsOf(old.objects))
  const after = countOf(textsOf(rewritten.objects))
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((text) => before.get(text) !== after.get(text))
    .map((text) => text.slice(0, text.indexOf(' ')))
}

function countOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

/** Accounts whose annotations don't read as planned. */
function wrongAccounts({ viewOf, policy }: Content, { accounts }: Migration): readonly string[] {
  return accounts
    .filter(({ namespace, name, annotations, source, existing }) => {
      const { lookUps } = viewOf(existing ?? source)
      const found = findObject<FoundObject>(lookUps, { kind: 'ServiceAccount', namespace, name })
      const read = annotationsOf(found?.object)
      const requestOf = (variant: typeof annotations) =>
        JSON.stringify(readAccount({ namespace, name, annotations: variant }, policy))
      return requestOf(read) !== requestOf(annotations)
    })
    .map(({ name }) => `ServiceAccount/${name}`)
}
