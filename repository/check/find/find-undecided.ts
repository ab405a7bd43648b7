import type { Serving } from '../../../command/review/read-serving.ts'
import { reviewRequest } from '../../../command/review/review-request.ts'
import { objectsAt, valueAt } from '../../../lib/shape.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  readStore,
  type StoreKind,
  type StoreRef,
  storeRefsIn,
} from '../../../requests/external-secret/read-store.ts'
import { classesNeeded } from '../../../webhook/core/csi/needed-objects.ts'
import { findNamesakes } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'
import type { FindHidden, HiddenDefinition } from './hidden-definitions.ts'

interface Reference {
  readonly kind: string
  readonly name: string
}

interface Lookups {
  readonly lookUps: readonly FoundObject[]
  readonly findHidden: FindHidden
}

/** Says that an ExternalSecret can't be judged, because only a file that isn't read has its store. */
export function undecidedExternalSecret(
  found: NamedObject,
  { policy, ...lookups }: Lookups & { readonly policy: Policy },
): Verdict | undefined {
  const [hidden] = hiddenAmong(storeRefsIn(found.object['spec']), lookups)
  if (hidden === undefined) return undefined
  const { kind, object } = hidden
  const options = { kind: kind as StoreKind, namespace: undefined, policy }
  const content = readStore(object['spec'], options)
  return content.kind === 'other'
    ? {
        subject: subjectOf(found),
        outcome: 'not-synced',
        sentence: `not synced: ${titleOf(hidden)} (${hidden.path}): ${content.sentence}`,
        details: [],
        findings: [],
      }
    : undecided(found, hidden)
}

/** Says that a pod can't be judged, because only a file that isn't read has the class of one of its volumes. */
export function undecidedPod(
  template: PodTemplate,
  { serving, ...lookups }: Lookups & { readonly serving: Serving },
): Verdict | undefined {
  if (!serving.servesVolumes) return undefined
  const names = classesNeeded(reviewRequest(template))
  const [hidden] = hiddenAmong(
    names.map((name) => ({ kind: 'SecretProviderClass', name })),
    lookups,
  )
  return hidden && undecided(template, hidden)
}

const isText = (value: unknown): boolean => typeof value === 'string'

/** Whether all stores that an object of a kind that isn't served names are known, and none is of Key Vault. */
export function isForOtherStores(
  { object }: NamedObject,
  { policy, lookUps, findHidden }: Lookups & { readonly policy: Policy },
): boolean {
  const { spec } = object
  const inner = ['externalSecretSpec', 'pushSecretSpec'].map((key) => valueAt(spec, key))
  const refs = [spec, ...inner].flatMap((some) => [
    ...storeRefsIn(some),
    ...objectsAt(some, 'secretStoreRefs').flatMap((ref) => storeRefsIn({ secretStoreRef: ref })),
  ])
  const isOther = ({ kind, name }: StoreRef) => {
    const found = findNamesakes(lookUps, { kind, name })
    const stores = found.length > 0 ? found : [findHidden({ kind, name })]
    const options = { kind, namespace: undefined, policy }
    return stores.every((store) => readStore(store?.object['spec'], options).kind === 'other')
  }
  const listed = [spec, ...inner].flatMap((some) => objectsAt(some, 'secretStoreRefs'))
  // A label selector may choose any store.
  return refs.length > 0 && refs.every(isOther) && listed.every(({ name }) => isText(name))
}

/** How a judgement says that something isn't among what was read. */
const ofAbsence = /\bis not among these files\b|^these files name no ServiceAccount\b/

/**
 * Judges an object whose store or class is only in a file that isn't read. What is wrong with the object itself is a problem all the
 * same, and what depends on the unread file isn't.
 *
 * @param undecided - from {@link undecidedPod} or {@link undecidedExternalSecret}
 * @param judge - judges the object as if no file had the store or the class
 */
export function judgeBeside(undecided: Verdict | undefined, judge: () => Verdict): Verdict {
  if (undecided?.outcome !== 'undecided') return undecided ?? judge()
  const verdict = judge()
  const own = verdict.findings.filter(({ message }) => !ofAbsence.test(message))
  const isWrong = own.some(({ severity }) => severity === 'problem')
  return { ...(isWrong ? verdict : undecided), findings: [...undecided.findings, ...own] }
}

type Hidden = Reference & HiddenDefinition

/** The objects that no file has that is read, in any namespace, and that one has that isn't. */
const hiddenAmong = (
  references: readonly Reference[],
  { lookUps, findHidden }: Lookups,
): readonly Hidden[] =>
  references
    .filter((wanted) => findNamesakes(lookUps, wanted).length === 0)
    .flatMap((wanted) => {
      const definition = findHidden(wanted)
      return definition ? [{ ...wanted, ...definition }] : []
    })

const titleOf = ({ kind, name }: Reference): string => `${kind} ${name}`

const undecided = (found: Parameters<typeof subjectOf>[0], hidden: Hidden): Verdict => ({
  subject: subjectOf(found),
  outcome: 'undecided',
  sentence: `undecided without ${titleOf(hidden)}`,
  details: [],
  findings: [
    {
      severity: 'warning',
      code: 'AKV_CHECK_UNREAD',
      message: `${titleOf(hidden)} is in ${hidden.path}, which isn't read, because ${hidden.skipped} is skipped; render that, and pass the result with these files`,
    },
  ],
})
