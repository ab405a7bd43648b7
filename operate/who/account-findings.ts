import type { ObjectReference } from '../../keyvault/reference.ts'
import { countOf } from '../../lib/count-of.ts'
import { isSecretLine, type SecretLine } from '../../requests/account/sync-status.ts'
import { unversionedName } from '../../requests/secret/object-versions.ts'
import type { SyncedAccount } from '../cluster/sync/synced-account.ts'
import { type Findings, type Holding, namesOf, noFindings } from './holding.ts'
import { matchesQuery, mayBeFound, type ObjectQuery } from './object-query.ts'

/**
 * Finds out which versions of the objects in question an account's Secrets hold, from the status that Secret sync
 * wrote.
 */
export function accountFindings(
  { namespace, name, asked, unnamed, finds, status }: SyncedAccount,
  query: ObjectQuery,
): Findings {
  const workload = `ServiceAccount/${name}`
  const owner = (holder: string) => ({ namespace, workload, holder })
  const isAsked = (object: ObjectReference) => matchesQuery(query, object)
  const unasked = (whys: readonly string[]) => whys.map((why) => ({ ...owner(name), why }))
  const asksFor = asked.filter(isAsked)
  const looksFor = finds.filter((find) => mayBeFound(query, find))
  if (status === undefined)
    // An annotation that can't be parsed may ask for anything.
    return asked.length + finds.length > 0 && asksFor.length + looksFor.length === 0
      ? noFindings
      : { ...noFindings, unasked: unasked(['Secret sync has written no status']) }
  const found = status.secrets.flatMap((secret) =>
    (secret.objects ?? []).filter(isAsked).map((object) => ({ secret: secret.name, object })),
  )
  const holdings = found.flatMap(({ secret, object }) =>
    object.version === undefined ? [] : [{ ...owner(secret), ...holdingOf(object) }],
  )
  const names = new Set(found.map(({ object }) => unversionedName(object)))
  const absent = new Map(
    asksFor
      .map((object) => [unversionedName(object), namesOf(object)] as const)
      .filter(([name]) => !names.has(name)),
  )
  return {
    holdings: [
      ...holdings,
      ...[...absent.values()].map((names) => ({
        ...owner(name),
        ...names,
        heldIn: 'Secret' as const,
        isPossible: false,
      })),
    ],
    unasked: [
      ...found.flatMap(({ secret, object }) =>
        object.version === undefined
          ? [{ ...owner(secret), why: `the version of ${unversionedName(object)} isn’t known` }]
          : [],
      ),
      ...unasked(whyIncomplete(status)),
      ...unasked(
        (unnamed.some(isAsked) || looksFor.some(({ isNamed }) => !isNamed)) && status.leftOut === 0
          ? [withoutLine]
          : [],
      ),
    ],
    appearances: [],
  }
}

const withoutLine = 'its status doesn’t name a Secret that it asks for; ask again'

const holdingOf = (
  object: ObjectReference,
): Omit<Holding, 'namespace' | 'workload' | 'holder'> => ({
  ...namesOf(object),
  heldIn: 'Secret',
  ...(object.version !== undefined && { version: object.version }),
  isPossible: false,
})

/** Why the status of an account doesn't tell everything: a Secret that it doesn't describe may hold any object. */
function whyIncomplete({
  secrets,
  leftOut,
  isComplete,
}: NonNullable<SyncedAccount['status']>): readonly string[] {
  if (isComplete) return []
  const isUndescribed = ({ name, objects }: SecretLine) =>
    isSecretLine(name) && objects === undefined
  const undescribed = secrets.filter(isUndescribed).length
  const whys = [
    ...(secrets.some(({ name }) => name === '') ? ['its annotations can’t be read'] : []),
    ...(leftOut > 0 ? [`its status leaves out ${countOf(leftOut, 'Secret')}`] : []),
    ...(undescribed > 0
      ? [`its status doesn’t say what is in ${countOf(undescribed, 'Secret')}`]
      : []),
  ]
  return whys.length > 0 ? whys : ['its status isn’t as Secret sync writes it']
}
