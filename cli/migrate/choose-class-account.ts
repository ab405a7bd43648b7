import { printable } from '../../lib/printable.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import {
  accountAnnotation,
  chooseAccount,
  type ListedAccount,
} from '../../sync/source/choose-account.ts'
import { accountOf } from '../../webhook/core/csi/account.ts'
import type { Pod } from '../../webhook/core/pod.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { readClassVolume } from '../check/read-class-volume.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'

/** The account of the class, among those of the files; if they have none in the namespace, the account of its pods. */
export function chooseClassAccount(
  found: NamedObject,
  {
    listed,
    users,
    policy,
  }: {
    readonly listed: ReadonlyMap<string, readonly ListedAccount[]>
    /** The pods that have volumes of the class. */
    readonly users: readonly PodTemplate[]
    readonly policy: Policy
  },
): { readonly name: string } | { readonly reason: string } {
  const { namespace } = found
  const accounts = listed.get(namespace) ?? []
  if (accounts.length === 0) {
    const used = [...new Set(users.map(({ pod }) => accountOf(pod as JsonObject & Pod)))]
    return used.length === 1 && used[0] ? { name: used[0] } : several(used)
  }
  const annotated = annotationsOf(found.object)[accountAnnotation]
  const { clientId } = readClassVolume(found, policy).identity
  const chosen = chooseAccount(
    { clientId, ...(typeof annotated === 'string' && { annotated }) },
    { namespace, listed: accounts, what: 'the class' },
  )
  return chosen.kind === 'chosen' ? chosen : several(accounts.map(({ name }) => name))
}

function several(names: readonly string[]): { readonly reason: string } {
  const more = names.length > maxNames ? ', …' : ''
  const shown = names.slice(0, maxNames).map((name) => printable(name))
  return {
    reason: `several accounts could read its Secrets (${shown.join(', ')}${more}); name one in its annotation ${accountAnnotation}`,
  }
}

const maxNames = 10

/** The accounts of the files, by namespace. They count as listed by the operator. */
export function listAccounts(
  objects: readonly NamedObject[],
): ReadonlyMap<string, readonly ListedAccount[]> {
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount')
  const byNamespace = Map.groupBy(accounts, ({ namespace }) => namespace)
  return new Map(
    [...byNamespace].map(([namespace, some]) => [
      namespace,
      some.map(({ name, object }) => ({ name, clientId: clientOf(annotationsOf(object)) })),
    ]),
  )
}

function clientOf(annotations: JsonObject): string | undefined {
  const id =
    annotations['akv-injector.io/client-id'] ?? annotations['azure.workload.identity/client-id']
  return typeof id === 'string' ? id.toLowerCase() : undefined
}

/** The annotations of an object, unchecked. */
export function annotationsOf(object: JsonObject | undefined): JsonObject {
  const metadata = object?.['metadata']
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined
  return isObject(annotations) ? annotations : {}
}
