import { type JsonObject, valueAt } from '../../lib/shape.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { isDriverVolume } from '../../webhook/core/model/find-class-volumes.ts'
import { isClass, readSources } from '../check/find/read-sources.ts'
import { listAccounts } from '../input/accounts/list-accounts.ts'
import { keyOf } from '../input/find-object.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../input/sources/external-secrets-kind.ts'
import { describeSource } from '../input/text/file-error.ts'
import type { AccountChange } from './account-change.ts'
import { findUnusedStores } from './find-unused-stores.ts'
import { moveClass, moveExternalSecret } from './move-secrets.ts'
import { type PodChange, planPod } from './plan-pod.ts'

/** Everything that `migrate` changes in the manifests. */
export interface Migration {
  readonly pods: readonly { readonly template: PodTemplate; readonly change: PodChange }[]
  /** Classes, ExternalSecrets and stores of which nothing is left. */
  readonly removed: readonly NamedObject[]
  readonly accounts: readonly AccountChange[]
  /** Lines for standard error. They name each object that stays as it is, and each step that the user has to take. */
  readonly notes: readonly string[]
}

interface Manifests {
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
  readonly policy: Policy
}

/** Decides what becomes of each pod, each class, each ExternalSecret and each store. */
export function planMigration(manifests: Manifests): Migration {
  const { templates, objects } = manifests
  const notes: string[] = []
  const note = ({ title, manifest }: Pick<NamedObject, 'title' | 'manifest'>, reason: string) =>
    notes.push(`${title} (${describeSource(manifest.source)}): stays as it is: ${reason}`)
  const plans = templates.map((template) => ({ template, plan: planPod(template, manifests) }))
  for (const { template, plan } of plans)
    if (plan.kind === 'kept') for (const reason of plan.reasons) note(template, reason)
  const pods = plans.flatMap(({ template, plan }) =>
    plan.kind === 'changes' ? [{ template, change: plan }] : [],
  )
  const changed = new Set(pods.map(({ template }) => template))
  const users = usersOf(templates)
  const listed = listAccounts(objects)
  const removed = new Set<string>()
  const accounts = new Map<string, AccountChange>()
  for (const found of lastOfEach(objects.filter(isClass))) {
    const used = users.get(keyOf(found)) ?? []
    const left = used.find((template) => !changed.has(template))
    if (used.length === 0) note(found, 'no pod of these files has a volume of it')
    else if (left !== undefined) note(found, `${left.title} still needs it`)
    else {
      const reason = moveClass(found, { ...manifests, users: used, listed, accounts })
      if (reason === undefined) removed.add(keyOf(found))
      else note(found, reason)
    }
  }
  planExternalSecrets(manifests, { removed, accounts, note })
  return {
    pods,
    removed: objects.filter((object) => isMigrated(object) && removed.has(keyOf(object))),
    accounts: [...accounts.values()],
    notes: [...notes, ...syncNotes(accounts)],
  }
}

/** The last one of each name, as with `kubectl apply`. */
const lastOfEach = (objects: readonly NamedObject[]): readonly NamedObject[] => [
  ...new Map(objects.map((object) => [keyOf(object), object])).values(),
]

const classKind = 'SecretProviderClass'

/** The pods that have volumes of a class, by the key of the class. */
function usersOf(templates: readonly PodTemplate[]): ReadonlyMap<string, readonly PodTemplate[]> {
  const pairs = templates.flatMap((template) =>
    [...classNamesOf(template.pod)].map((name) => ({
      key: keyOf({ kind: classKind, namespace: template.namespace, name }),
      template,
    })),
  )
  const users = Map.groupBy(pairs, ({ key }) => key)
  return new Map([...users].map(([key, some]) => [key, some.map(({ template }) => template)]))
}

function classNamesOf(pod: JsonObject): ReadonlySet<string> {
  const volumes = valueAt(pod, 'spec', 'volumes')
  const names = (Array.isArray(volumes) ? volumes : [])
    .filter(isDriverVolume)
    .map((volume) => valueAt(volume, 'csi', 'volumeAttributes', 'secretProviderClass'))
  return new Set(names.filter((name) => typeof name === 'string'))
}

/** Decides what becomes of each ExternalSecret and each store, and adds it to what is planned so far. */
function planExternalSecrets(
  { objects, policy }: Manifests,
  plan: {
    /** The `keyOf` of the objects of which nothing is left. */
    readonly removed: Set<string>
    readonly accounts: Map<string, AccountChange>
    readonly note: (object: NamedObject, reason: string) => void
  },
): void {
  const { removed, accounts, note } = plan
  const read = readSources(objects, policy)
  for (const found of lastOfEach(objects.filter(isExternalSecret))) {
    const reason = moveExternalSecret(found, { objects, policy, facts: read(found), accounts })
    if (reason === undefined) removed.add(keyOf(found))
    else note(found, reason)
  }
  for (const decision of findUnusedStores(objects, removed))
    if (decision.kind === 'removed') removed.add(keyOf(decision.store))
    else note(decision.store, decision.reason)
  for (const object of objects.filter(isOtherOperatorKind)) note(object, 'it is not migrated')
}

const isMigrated = (object: NamedObject): boolean =>
  isClass(object) || isExternalSecret(object) || isSecretStore(object)

const isOtherOperatorKind = (object: NamedObject): boolean =>
  isExternalSecretsKind(object) && !isExternalSecret(object) && !isSecretStore(object)

const syncNotes = (accounts: ReadonlyMap<string, AccountChange>): readonly string[] =>
  [...accounts.values()].map(({ namespace, name, existing }) => {
    const added = existing === undefined ? 'is added; ' : ''
    return `ServiceAccount/${name}: ${added}Secret sync needs it in sync.namespaces.${namespace}.serviceAccounts of the chart`
  })
