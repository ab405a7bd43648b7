import { joinProblems } from '../../../lib/problems/problem.ts'
import { objectAt } from '../../../lib/shape.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { SourceFacts } from '../../check/find/read-sources.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import type { AccountInFiles } from '../../input/accounts/list-accounts.ts'
import { isClear, unclearReason, type ViewOf } from '../../input/environments/folder-views.ts'
import { areSeparate } from '../../input/environments/separate.ts'
import { findObject, keyOf } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { classSource } from '../../input/sources/class-source.ts'
import { readSecretSync } from '../../input/sources/secret-sync.ts'
import { describeSource } from '../../input/text/file-error.ts'
import { mayDefine } from '../../input/unread/unread.ts'
import type { OtherFiles } from '../content/doubts.ts'
import type { Environments } from '../content/group-environments.ts'
import type { AccountChange } from './account-change.ts'
import { carrySecrets } from './carry-secrets.ts'
import { chooseClassAccount } from './choose-class-account.ts'
import { plainSource } from './plain-source.ts'

/** The accounts to which Secrets move, by `keyOf`. Environments may have different accounts with the same name. */
export type PlannedAccounts = Map<string, readonly AccountChange[]>

interface Move {
  readonly viewOf: ViewOf
  readonly policy: Policy
  readonly otherFiles: OtherFiles
  readonly environments: Environments
  readonly accounts: PlannedAccounts
  readonly placeholders: Placeholders
}

/**
 * Moves the Secrets of a class to an account, or returns why that isn't possible.
 *
 * @param move - `users`: the pods that have volumes of the class
 */
export function moveClass(
  found: NamedObject,
  move: Move & {
    readonly users: readonly PodTemplate[]
    readonly listed: ReadonlyMap<string, readonly AccountInFiles[]>
  },
): string | undefined {
  const source = classSource(found, move.policy)
  if (source === undefined) return undefined
  if (source.problems.length > 0) return joinProblems(source.problems)
  const chosen = chooseClassAccount(source, { ...move, namespace: found.namespace })
  return chosen.kind === 'none' ? chosen.sentence : moveTo(chosen.name, { ...move, found, source })
}

/** Moves the Secret of an ExternalSecret to an account, or returns why that isn't possible. */
export function moveExternalSecret(
  found: NamedObject,
  { facts, ...context }: Move & { readonly facts: SourceFacts },
): string | undefined {
  const { source, mistakes, listed } = facts
  if (source === undefined) return 'it requests no Secret'
  if (mistakes.length > 0) return joinProblems(mistakes)
  const { namespace } = found
  const chosen = chooseAccountInFiles(source.hints, {
    namespace,
    listed,
    what: 'the ExternalSecret',
  })
  if (chosen.kind === 'none') return chosen.sentence
  const plain = plainSource(source)
  return plain.kind === 'none'
    ? plain.reason
    : moveTo(chosen.name, { ...context, found, source: plain.source })
}

/**
 * Moves the Secret of a SecretSync to the account that it names, or returns why that isn't possible. Its class has the
 * objects, and the same member of a class, `secretObjects`, would describe the Secret.
 */
export function moveSecretSync(found: NamedObject, move: Move): string | undefined {
  const { namespace } = found
  const read = readSecretSync(found)
  if (read.kind === 'invalid') return joinProblems(read.problems)
  const { className, account, secretObject } = read.value
  const wanted = { kind: 'SecretProviderClass', namespace, name: className }
  const { lookUps } = move.viewOf(found)
  const itsClass: FoundObject | undefined = findObject<FoundObject>(lookUps, wanted)
  if (itsClass === undefined) return `SecretProviderClass ${className} is in none of these files`
  if (!isClear(itsClass)) return `it isn't clear which SecretProviderClass ${className} it means`
  const spec = { ...objectAt(itsClass.object, 'spec'), secretObjects: [secretObject] }
  const source = classSource({ ...itsClass, object: { ...itsClass.object, spec } }, move.policy)
  if (source === undefined) return 'it requests no Secret'
  if (source.problems.length > 0) return joinProblems(source.problems)
  return moveTo(account, { ...move, found, source })
}

function moveTo(
  name: string,
  {
    found,
    source,
    viewOf,
    policy,
    otherFiles,
    environments,
    accounts,
    placeholders,
  }: Move & { readonly found: NamedObject; readonly source: Source },
): string | undefined {
  const { namespace } = found
  const view = viewOf(found)
  const account = { kind: 'ServiceAccount', namespace, name }
  const unclear = unclearReason(view, account)
  if (unclear !== undefined) return `ServiceAccount ${name} ${unclear}`
  const seen: FoundObject | undefined = findObject<FoundObject>(view.lookUps, account)
  const existing = isClear(seen) ? seen : undefined
  const reason = existing ? undefined : reasonNotToAdd(account, { found, otherFiles, environments })
  if (reason !== undefined) return `ServiceAccount ${name} ${reason}`
  const copies = existing ? view.copiesOf(existing) : []
  if (copies.length > 1)
    return `ServiceAccount ${name} is in several files (${filesOf(copies)}), and none of them is in or above the folder of this file; keep one of them`
  const key = keyOf(account)
  const ofName = accounts.get(key) ?? []
  const planned = ofName.find(
    (change) =>
      change.existing === existing &&
      !areSeparate(viewOf(change.source).environment, view.environment),
  )
  // If other environments share the account, they would get the Secrets of this source, too.
  const holder = existing ?? planned?.source
  if (holder && viewOf(holder).reachesBeyond(view))
    return `ServiceAccount ${name} (${filesOf([holder])}) belongs to other environments, too; give this environment a ServiceAccount of its own`
  const annotations = planned?.annotations ?? annotationsOf(existing?.object)
  const carried = carrySecrets(source, { namespace, name, annotations }, policy)
  if (carried.kind === 'not-carried') return carried.reason
  const open = uncarried([source, carried.annotations], placeholders)
  if (open.length > 0)
    return `what its annotation would say depends on the value of ${open.join(', ')}`
  const change = {
    namespace,
    name,
    ...(existing && { existing }),
    source: found,
    annotations: carried.annotations,
  }
  accounts.set(key, [...ofName.filter((other) => other !== planned), change])
  return undefined
}

/** Why a missing account can't be added for an object, as a clause about the object. */
function reasonNotToAdd(
  account: Pick<NamedObject, 'kind' | 'namespace' | 'name'>,
  {
    found,
    otherFiles,
    environments,
  }: Pick<Move, 'otherFiles' | 'environments'> & { readonly found: NamedObject },
): string | undefined {
  const { source } = found.manifest
  const hidden = otherFiles.unread.find(
    (file) => file.isFile && mayDefine(file, account) && environments.mayShare(file.path, source),
  )
  if (hidden) return `may be in ${hidden.path}, which ${hidden.reason}`
  // We don't edit a kustomization's list of resources, and until its owner does, a new account's file would have no
  // effect.
  const [build] = otherFiles.builds.of(source)
  return (
    build &&
    `is in none of these files; add it to the resources of ${build.file}, and run this again`
  )
}

/**
 * Finds placeholders that can't be carried over, because the annotations would depend on a part of the value, or on a
 * comparison with it.
 */
const uncarried = (values: readonly unknown[], { usedIn }: Placeholders): readonly string[] => [
  ...new Set(
    usedIn(values)
      .filter(({ shape }) => shape === 'url' || shape === 'duration')
      .map(({ placeholder }) => placeholder.text),
  ),
]

const filesOf = (objects: readonly NamedObject[]): string =>
  objects.map(({ manifest }) => describeSource(manifest.source)).join(', ')
