import type { JsonObject } from '../../../lib/shape.ts'
import {
  azureAnnotations,
  ownClientIdAnnotation,
} from '../../../requests/annotations/azure-identity.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import type { ListedAccount } from '../../../requests/source/choose-account.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { NamedObject } from '../objects/find-objects.ts'

/** A ServiceAccount that the files have or name. */
export interface AccountInFiles extends ListedAccount {
  /** Not validated. */
  readonly annotations: JsonObject
  /** Set if the files don't have the account, but a source names it. */
  readonly isElsewhere?: true
}

/** Lists the ServiceAccounts in the files by namespace. They count as enabled. */
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

/**
 * Adds the accounts that sources of a namespace name and that the files don't have. These must be created elsewhere,
 * and count as enabled, too. But if the files have accounts, an annotation that names another one counts as a mistake.
 */
export function withNamedAccounts(
  listed: readonly AccountInFiles[],
  sources: readonly Source[],
): readonly AccountInFiles[] {
  const names = sources.flatMap(
    ({ hints }) => hints.account ?? (listed.length === 0 ? hints.annotated : undefined) ?? [],
  )
  const known = new Set(listed.map(({ name }) => name))
  const others = [...new Set(names)].filter((name) => !known.has(name))
  const elsewhere = { clientId: undefined, annotations: {}, isElsewhere: true } as const
  return [...listed, ...others.map((name) => ({ name, ...elsewhere }))]
}

function clientOf(annotations: JsonObject): string | undefined {
  const id = annotations[ownClientIdAnnotation] ?? annotations[azureAnnotations.clientId]
  return typeof id === 'string' ? id.toLowerCase() : undefined
}
