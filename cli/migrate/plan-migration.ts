import { isObject, type JsonObject } from '../../lib/shape.ts'
import type { ListedAccount } from '../../sync/source/choose-account.ts'
import { isDriverVolume } from '../../webhook/core/csi/find-class-volumes.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { annotationsOf } from '../input/annotations-of.ts'
import { classSource } from '../input/class-source.ts'
import { isExternalSecretsKind } from '../input/external-secrets-kind.ts'
import { findObject, keyOf } from '../input/find-object.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'
import { listAccounts } from '../input/list-accounts.ts'
import { carrySecrets } from './carry-secrets.ts'
import { chooseClassAccount } from './choose-class-account.ts'
import { type PodChange, planPod } from './plan-pod.ts'

/** Everything that `migrate` changes in the manifests. */
export interface Migration {
  readonly pods: readonly { readonly template: PodTemplate; readonly change: PodChange }[]
  /** Classes of which nothing is left. */
  readonly gone: readonly NamedObject[]
  readonly accounts: readonly AccountChange[]
  /** Lines for standard error. They name each object that stays as it is, and each step that the user has to take. */
  readonly notes: readonly string[]
}

export interface AccountChange {
  readonly namespace: string
  readonly name: string
  /** Absent if no file has the account. */
  readonly existing?: NamedObject
  /** A class whose Secrets the account has now. */
  readonly source: NamedObject
  readonly annotations: JsonObject
}

interface Manifests {
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
  readonly policy: Policy
}

/** Decides what becomes of each pod, each class and the Secrets of the classes. */
export function planMigration(manifests: Manifests): Migration {
  const { templates, objects } = manifests
  const notes: string[] = []
  const note = ({ title, manifest }: Pick<NamedObject, 'title' | 'manifest'>, reason: string) =>
    notes.push(`${title} (${manifest.source}): stays as it is: ${reason}`)
  const plans = templates.map((template) => ({ template, plan: planPod(template, manifests) }))
  for (const { template, plan } of plans)
    if (plan.kind === 'stays') for (const reason of plan.reasons) note(template, reason)
  const pods = plans.flatMap(({ template, plan }) =>
    plan.kind === 'changes' ? [{ template, change: plan }] : [],
  )
  const changed = new Set(pods.map(({ template }) => template))
  const users = usersOf(templates)
  const listed = listAccounts(objects)
  const gone = new Set<string>()
  const accounts = new Map<string, AccountChange>()
  for (const found of classesOf(objects)) {
    const used = users.get(keyOf(found)) ?? []
    const left = used.find((template) => !changed.has(template))
    if (used.length === 0) note(found, 'no pod of these files has a volume of it')
    else if (left !== undefined) note(found, `${left.title} still needs it`)
    else {
      const reason = moveSecrets(found, { ...manifests, users: used, listed, accounts })
      if (reason === undefined) gone.add(keyOf(found))
      else note(found, reason)
    }
  }
  for (const object of objects.filter(isExternalSecretsKind)) note(object, 'it is not migrated')
  return {
    pods,
    gone: objects.filter((one) => gone.has(keyOf(one))),
    accounts: [...accounts.values()],
    notes: [...notes, ...syncNotes(accounts)],
  }
}

/** The last one of each name, as with `kubectl apply`. */
function classesOf(objects: readonly NamedObject[]): readonly NamedObject[] {
  const classes = objects.filter(({ kind }) => kind === classKind)
  return [...new Map(classes.map((one) => [keyOf(one), one])).values()]
}

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

function classNamesOf({ spec }: JsonObject): ReadonlySet<string> {
  const { volumes } = isObject(spec) ? spec : {}
  const names = (Array.isArray(volumes) ? volumes : [])
    .filter(isDriverVolume)
    .map(({ csi: { volumeAttributes } }) =>
      isObject(volumeAttributes) ? volumeAttributes['secretProviderClass'] : undefined,
    )
  return new Set(names.filter((name) => typeof name === 'string'))
}

interface Move extends Manifests {
  /** The pods that have volumes of the class. */
  readonly users: readonly PodTemplate[]
  readonly listed: ReadonlyMap<string, readonly ListedAccount[]>
  /** The accounts that have got Secrets. */
  readonly accounts: Map<string, AccountChange>
}

/** Moves the Secrets of a class to an account; gives the reason if that can't be. */
function moveSecrets(found: NamedObject, by: Move): string | undefined {
  const source = classSource(found, by.policy)
  if (source === undefined) return undefined
  if (source.problems.length > 0) return source.problems.join('; ')
  const chosen = chooseClassAccount(source, { ...by, namespace: found.namespace })
  if ('reason' in chosen) return chosen.reason
  const { namespace } = found
  const key = `${namespace}/${chosen.name}`
  const existing = findObject(by.objects, {
    kind: 'ServiceAccount',
    namespace,
    name: chosen.name,
  })
  const annotations = by.accounts.get(key)?.annotations ?? annotationsOf(existing?.object)
  const carried = carrySecrets(source, { namespace, name: chosen.name, annotations }, by.policy)
  if (carried.kind === 'not-carried') return carried.reason
  by.accounts.set(key, {
    namespace,
    name: chosen.name,
    ...(existing && { existing }),
    source: found,
    annotations: carried.annotations,
  })
  return undefined
}

const syncNotes = (accounts: ReadonlyMap<string, AccountChange>): readonly string[] =>
  [...accounts.values()].map(({ namespace, name, existing }) => {
    const added = existing === undefined ? 'is added; ' : ''
    return `ServiceAccount/${name}: ${added}Secret sync needs it in sync.namespaces.${namespace}.serviceAccounts of the chart`
  })
