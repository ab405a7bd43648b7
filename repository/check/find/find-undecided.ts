import type { Serving } from '../../../command/review/read-serving.ts'
import { reviewRequest } from '../../../command/review/review-request.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { readClass } from '../../../requests/class/read-class.ts'
import {
  readStore,
  type StoreKind,
  storeRefsIn,
} from '../../../requests/external-secret/read-store.ts'
import { classesNeeded } from '../../../webhook/core/csi/needed-objects.ts'
import { findNamesakes } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Finding } from '../findings/finding.ts'
import { leftToOperator, subjectOf, type Verdict } from '../findings/verdict.ts'
import type { FindHidden, HiddenDefinition } from './hidden-definitions.ts'

interface Reference {
  readonly kind: string
  readonly name: string
}

/** Where definitions are looked up. */
export interface Lookups {
  readonly lookUps: readonly FoundObject[]
  readonly findHidden: FindHidden
}

/**
 * Judges an ExternalSecret. If only a file that isn't read has one of its stores, it is undecided, or left to the operator if
 * that store is another provider's.
 *
 * @param judge - judges it by what is read
 */
export function judgeExternalSecret(
  found: NamedObject,
  { policy, ...lookups }: Lookups & { readonly policy: Policy },
  judge: () => Verdict,
): Verdict {
  const hidden = hiddenAmong(storeRefsIn(found.object['spec']), lookups)
  for (const store of hidden) {
    const options = { kind: store.kind as StoreKind, namespace: undefined, policy }
    const read = ({ object }: HiddenDefinition) => readStore(object['spec'], options)
    const content = read(store.definitions[0])
    if (content.kind === 'other' && store.definitions.every((one) => read(one).kind === 'other'))
      return leftToOperator(
        found,
        'not-synced',
        `not synced: ${titleOf(store)} (${store.definitions[0].path}): ${content.sentence}`,
      )
  }
  return judgeWithout(hidden, found, judge())
}

/**
 * Judges a pod. If only a file that isn't read has the class of one of its volumes, it is undecided, unless all its classes are
 * in such files, and other providers'.
 *
 * @param judge - judges it with these objects to look up
 */
export function judgePod(
  template: PodTemplate,
  { serving, ...lookups }: Lookups & { readonly serving: Serving },
  judge: (lookUps: Lookups['lookUps']) => Verdict,
): Verdict {
  const names = serving.servesVolumes ? classesNeeded(reviewRequest(template)) : []
  const hidden = hiddenAmong(
    names.map((name) => ({ kind: 'SecretProviderClass', name })),
    lookups,
  )
  const { cloudName } = serving.policy
  const isOther = ({ object }: HiddenDefinition) =>
    readClass(object, cloudName).kind === 'other-provider'
  const others = hidden.filter(({ definitions }) => definitions.every(isOther))
  if (others.length > 0 && others.length === names.length)
    return judge(
      others.map(({ kind, name, definitions: [{ object }] }) => ({
        ...{ kind, name, object },
        namespace: template.namespace,
      })),
    )
  return judgeWithout(hidden, template, judge(lookups.lookUps))
}

/**
 * Adds that the verdict on an object depends on files that aren't read. What is wrong with the object itself is a problem all the
 * same, and what depends on these files isn't.
 *
 * @param verdict - as if no file had the hidden objects
 */
function judgeWithout(
  hidden: readonly Hidden[],
  found: Parameters<typeof subjectOf>[0],
  verdict: Verdict,
): Verdict {
  const [first] = hidden
  if (first === undefined || !verdict.findings.some(isProblem)) return verdict
  const absences = hidden.map((one) => `${titleOf(one)}: is not among these files`)
  const own = verdict.findings.filter(
    ({ message }) => !absences.some((absence) => message.includes(absence)),
  )
  const undecided = undecidedWithout(first, found)
  return {
    ...(own.some(isProblem) ? verdict : undecided),
    findings: [...undecided.findings, ...own],
  }
}

const isProblem = ({ severity }: Finding): boolean => severity === 'problem'

interface Hidden extends Reference {
  readonly definitions: readonly [HiddenDefinition, ...HiddenDefinition[]]
}

/** The objects that no file has that is read, in any namespace, and that some have that aren't. */
const hiddenAmong = (
  references: readonly Reference[],
  { lookUps, findHidden }: Lookups,
): readonly Hidden[] =>
  references
    .filter((wanted) => findNamesakes(lookUps, wanted).length === 0)
    .flatMap((wanted) => {
      const [first, ...others] = findHidden(wanted)
      return first ? [{ ...wanted, definitions: [first, ...others] }] : []
    })

const titleOf = ({ kind, name }: Reference): string => `${kind} ${name}`

function undecidedWithout(hidden: Hidden, found: Parameters<typeof subjectOf>[0]): Verdict {
  const [{ path, isNameOpen, why }] = hidden.definitions
  const where = isNameOpen ? 'may be made from' : 'is in'
  return {
    subject: subjectOf(found),
    outcome: 'undecided',
    sentence: `undecided without ${titleOf(hidden)}`,
    details: [],
    findings: [
      {
        severity: 'warning',
        code: 'AKV_CHECK_UNREAD',
        message: `${titleOf(hidden)} ${where} ${path}, ${why}`,
      },
    ],
  }
}
