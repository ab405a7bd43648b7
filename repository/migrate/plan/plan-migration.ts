import { cached } from '../../../lib/cached.ts'
import { scalarText } from '../../../lib/shape.ts'
import { classNamesOf } from '../../../requests/class/driver-volumes.ts'
import { readSources } from '../../check/find/read-sources.ts'
import { enabledIn } from '../../input/accounts/enabled-in.ts'
import { listAccounts } from '../../input/accounts/list-accounts.ts'
import { type FolderView, unclearReason } from '../../input/environments/folder-views.ts'
import { findObject } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../../input/sources/external-secrets-kind.ts'
import { isClass } from '../../input/sources/referred-to.ts'
import { isSecretSync } from '../../input/sources/secret-sync.ts'
import { describeSource } from '../../input/text/file-error.ts'
import type { MigratedContent } from '../content/content.ts'
import type { AccountChange } from './account-change.ts'
import { unknownUserFinder } from './find-unknown-user.ts'
import { findUnusedStores } from './find-unused-stores.ts'
import {
  moveClass,
  moveExternalSecret,
  moveSecretSync,
  type PlannedAccounts,
} from './move-secrets.ts'
import { type PodChange, planPod } from './plan-pod.ts'

/** Everything that `migrate` changes in the manifests. */
export interface Migration {
  readonly pods: readonly { readonly template: PodTemplate; readonly change: PodChange }[]
  /** Classes, ExternalSecrets and stores that are removed, because nothing needs them any more. */
  readonly removed: readonly NamedObject[]
  readonly accounts: readonly AccountChange[]
  readonly kept: readonly KeptObject[]
}

/** An object that stays as it is, and why. There may be several entries for an object. */
interface KeptObject {
  readonly object: Pick<NamedObject, 'title' | 'manifest'>
  /** As people read it. */
  readonly reason: string
}

type Note = (object: KeptObject['object'], reason: string) => void

/** Decides how to migrate each pod, class, ExternalSecret and store. */
export function planMigration(content: MigratedContent): Migration {
  const { templates, objects, viewOf, policy, otherFiles, placeholders } = content
  const kept: KeptObject[] = []
  const note: Note = (object, reason) => {
    const { text, open } = placeholders.show(reason)
    const names = open.map((placeholder) => placeholder.text)
    const depends = open.length === 0 ? '' : `; it depends on the value of ${names.join(', ')}`
    kept.push({ object, reason: text + depends })
  }
  const plans = templates.map((template) => ({
    template,
    plan: planPod(template, {
      policy,
      objects: viewOf(template).lookUps,
      change: otherFiles.builds.podChangeOf(template),
    }),
  }))
  for (const { template, plan } of plans)
    if (plan.kind === 'kept') for (const reason of plan.reasons) note(template, reason)
  const pods = plans.flatMap(({ template, plan }) =>
    plan.kind === 'changes' ? [{ template, change: plan }] : [],
  )
  const changed = new Set(pods.map(({ template }) => template))
  const users = usersOf(content)
  const unknownUserOf = unknownUserFinder(content)
  const listedIn = cached((some: FolderView['objects']) => listAccounts(some))
  const removed = new Set<NamedObject>()
  const planned: PlannedAccounts = new Map()
  for (const found of objects.filter(isClass)) {
    const unclear = unclearReason(viewOf(found), found)
    const used = users.get(found) ?? []
    const left = used.find((template) => !changed.has(template))
    if (unclear !== undefined) note(found, unclear)
    else if (used.length === 0)
      note(found, unknownUserOf(found) ?? 'no pod of these files has a volume of it')
    else if (left !== undefined) note(found, `${left.title} still needs it`)
    else {
      const reason =
        unknownUserOf(found) ??
        moveClass(found, {
          ...content,
          users: used,
          listed: listedIn(viewOf(found).objects),
          accounts: planned,
        })
      if (reason === undefined) removed.add(found)
      else note(found, reason)
    }
  }
  for (const found of objects.filter(isSecretSync)) {
    const reason =
      unclearReason(viewOf(found), found) ??
      moveSecretSync(found, { ...content, accounts: planned })
    if (reason === undefined) removed.add(found)
    else note(found, reason)
  }
  for (const found of objects.filter(isAppConfiguration)) note(found, appConfigurationReason)
  planExternalSecrets(content, { removed, accounts: planned, unknownUserOf, note })
  return {
    pods,
    removed: objects.filter((object) => removed.has(object)),
    accounts: [...planned.values()].flat(),
    kept,
  }
}

const isAppConfiguration = ({ kind, object }: NamedObject): boolean =>
  kind === 'AzureAppConfigurationProvider' &&
  scalarText(object['apiVersion']).startsWith('azconfig.io/')
const appConfigurationReason =
  'App Configuration, which names the objects of vaults, is not read; see docs/from-csi.md#azure-app-configuration'

const classKind = 'SecretProviderClass'

/** Finds the pods with volumes of a class. */
function usersOf({
  templates,
  viewOf,
}: MigratedContent): ReadonlyMap<FoundObject | undefined, readonly PodTemplate[]> {
  const pairs = templates.flatMap((template) =>
    [...classNamesOf(template.pod)].map((name) => ({
      found: findObject<FoundObject>(viewOf(template).lookUps, {
        kind: classKind,
        namespace: template.namespace,
        name,
      }),
      template,
    })),
  )
  const users = Map.groupBy(pairs, ({ found }) => found)
  return new Map([...users].map(([found, some]) => [found, some.map(({ template }) => template)]))
}

/** Decides how to migrate each ExternalSecret and store, and adds that to the plan. */
function planExternalSecrets(
  content: MigratedContent,
  plan: {
    /** The objects to remove. */
    readonly removed: Set<NamedObject>
    readonly accounts: PlannedAccounts
    readonly unknownUserOf: (object: NamedObject) => string | undefined
    readonly note: Note
  },
): void {
  const { objects, viewOf, policy } = content
  const { removed, accounts, unknownUserOf, note } = plan
  const factsIn = cached((some: FolderView['objects']) => readSources(some, { viewOf, policy }))
  for (const found of objects.filter(isExternalSecret)) {
    const facts = factsIn(viewOf(found).objects)(found)
    const reason =
      unclearReason(viewOf(found), found) ??
      moveExternalSecret(found, { ...content, facts, accounts })
    if (reason === undefined) removed.add(found)
    else note(found, reason)
  }
  for (const decision of findUnusedStores(content, removed)) {
    const { store } = decision
    const reason = decision.kind === 'kept' ? decision.reason : unknownUserOf(store)
    if (reason === undefined) removed.add(store)
    else note(store, reason)
  }
  for (const object of objects.filter(isOtherOperatorKind)) note(object, 'it is not migrated')
}

const isOtherOperatorKind = (object: NamedObject): boolean =>
  isExternalSecretsKind(object) && !isExternalSecret(object) && !isSecretStore(object)

/**
 * Writes lines for standard error: one for each object that stays as it is, and one for each step that the user has to
 * take.
 */
export const notesOf = (
  { kept, accounts }: Pick<Migration, 'kept' | 'accounts'>,
  { restore }: Pick<Placeholders, 'restore'>,
): readonly string[] => [
  ...kept.map(
    ({ object: { title, manifest }, reason }) =>
      `${restore(title)} (${describeSource(manifest.source)}): stays as it is: ${reason}`,
  ),
  ...accounts.map(({ namespace, name, existing }) => {
    const added = existing === undefined ? 'is added; ' : ''
    return `ServiceAccount/${restore(name)}: ${added}Secret sync needs it ${enabledIn(restore(namespace))}`
  }),
]
