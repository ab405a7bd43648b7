import type { JsonObject } from '../../lib/shape.ts'
import type { ListedAccount } from '../../sync/source/choose-account.ts'
import { annotationsOf } from './annotations-of.ts'
import type { NamedObject } from './find-objects.ts'
import { clientIdAnnotation, ownClientIdAnnotation } from './workload-identity.ts'

/** A ServiceAccount of the files. */
export interface AccountInFiles extends ListedAccount {
  /** Unchecked. */
  readonly annotations: JsonObject
}

/** The ServiceAccounts of the files, by namespace. They count as listed by the operator. */
export function listAccounts(
  objects: readonly NamedObject[],
): ReadonlyMap<string, readonly AccountInFiles[]> {
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount')
  const byNamespace = Map.groupBy(accounts, ({ namespace }) => namespace)
  return new Map(
    [...byNamespace].map(([namespace, some]) => [
      namespace,
      some.map(({ name, object }) => {
        const annotations = annotationsOf(object)
        return { name, clientId: clientOf(annotations), annotations }
      }),
    ]),
  )
}

function clientOf(annotations: JsonObject): string | undefined {
  const id = annotations[ownClientIdAnnotation] ?? annotations[clientIdAnnotation]
  return typeof id === 'string' ? id.toLowerCase() : undefined
}
