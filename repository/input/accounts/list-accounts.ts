import type { JsonObject } from '../../../lib/shape.ts'
import {
  azureAnnotations,
  ownClientIdAnnotation,
} from '../../../requests/annotations/azure-identity.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import type { ListedAccount } from '../../../requests/source/choose-account.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { NamedObject } from '../objects/find-objects.ts'

/** A ServiceAccount of the files. */
export interface AccountInFiles extends ListedAccount {
  /** Unchecked. */
  readonly annotations: JsonObject
  /** The files don't have it; a source names it. */
  readonly isElsewhere?: true
}

/** The ServiceAccounts of the files, by namespace. They count as enabled. */
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
 * Adds the accounts that sources of a namespace name and the files don't have. They are created elsewhere, and count as
 * enabled, too. If the files have accounts, an annotation that names another one is a mistake.
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
