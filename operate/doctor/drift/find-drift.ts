import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { ourEntries } from '../../cluster/find-webhook.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { ComparedKind, InstalledObject } from '../model/installed.ts'
import { nameOf, namespaceOf, textAt } from '../model/objects.ts'
import { meansTheSame } from './canonical.ts'
import {
  bundleField,
  type ComparedField,
  entryFields,
  objectFields,
  wholeEntry,
} from './compared-fields.ts'

/** A difference between the cluster and what was installed. */
export type Drift =
  | { readonly kind: 'deleted'; readonly object: InstalledObject }
  | {
      readonly kind: 'changed'
      readonly object: InstalledObject
      /** The entry of the webhook configuration, and its index there. Undefined for other objects. */
      readonly entry: { readonly name: string; readonly index: number } | undefined
      readonly field: ComparedField
      /** Undefined: it isn't there. */
      readonly found: unknown
      readonly wanted: unknown
    }

type Change = Extract<Drift, { kind: 'changed' }>

export type DriftFacts = Pick<
  ClusterFacts,
  'installed' | 'mutatingConfigurations' | 'services' | 'policies' | 'policyBindings'
>

/** Compares the cluster with what was installed, as far as both may be read. */
export const findDrift = (facts: DriftFacts): readonly Drift[] =>
  (facts.installed ?? []).flatMap((object): readonly Drift[] => {
    const some = liveObjects(facts, object.kind)
    if (some === undefined) return []
    const live = some.find(
      (one) => nameOf(one) === object.name && namespaceOf(one) === object.namespace,
    )
    if (live === undefined) return [{ kind: 'deleted', object }]
    return object.kind === 'MutatingWebhookConfiguration'
      ? changedEntries(object, live)
      : changedFields(objectFields[object.kind], { object, live, wanted: object.object })
  })

function liveObjects(facts: DriftFacts, kind: ComparedKind): readonly JsonObject[] | undefined {
  switch (kind) {
    case 'MutatingWebhookConfiguration':
      return facts.mutatingConfigurations
    case 'Service':
      return facts.services
    case 'ValidatingAdmissionPolicy':
      return facts.policies
    case 'ValidatingAdmissionPolicyBinding':
      return facts.policyBindings
    default:
      return kind satisfies never
  }
}

function changedFields(
  fields: readonly ComparedField[],
  {
    live,
    wanted,
    ...subject
  }: Pick<Change, 'object'> &
    Partial<Pick<Change, 'entry'>> & { readonly live: JsonObject; readonly wanted: JsonObject },
): readonly Change[] {
  return fields.flatMap((field) => {
    const found = valueAt(live, ...field.path)
    const value = valueAt(wanted, ...field.path)
    // A member of its name, because its name tells the default.
    const isSame = meansTheSame({ [field.name]: found }, { [field.name]: value })
    return isSame
      ? []
      : [{ kind: 'changed', entry: undefined, ...subject, field, found, wanted: value } as const]
  })
}

function changedEntries(object: InstalledObject, live: JsonObject): readonly Change[] {
  const wantedEntries = objectsAt(object.object, 'webhooks')
  const names = new Set(wantedEntries.map((entry) => textAt(entry, 'name')))
  const liveEntries = objectsAt(live, 'webhooks')
  const indexOf = (name: string) => liveEntries.findIndex((entry) => textAt(entry, 'name') === name)
  const whole = (name: string, values: Pick<Change, 'found' | 'wanted'>): Change => ({
    kind: 'changed',
    object,
    entry: { name, index: indexOf(name) },
    field: { name: 'entry', path: [], ...wholeEntry },
    ...values,
  })
  const added = ourEntries(live)
    .map((entry) => textAt(entry, 'name'))
    .filter((name) => !names.has(name))
  return [
    ...wantedEntries.flatMap((wanted) => {
      const name = textAt(wanted, 'name')
      const index = indexOf(name)
      const entry = liveEntries[index]
      if (entry === undefined) return [whole(name, { found: undefined, wanted })]
      const knowsBundle = valueAt(wanted, ...bundleField.path) !== undefined
      return changedFields([...entryFields, ...(knowsBundle ? [bundleField] : [])], {
        ...{ object, entry: { name, index } },
        ...{ live: entry, wanted },
      })
    }),
    ...added.map((name) => whole(name, { found: liveEntries[indexOf(name)], wanted: undefined })),
  ]
}
