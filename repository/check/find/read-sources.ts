import { cached } from '../../../lib/cached.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import type { Source } from '../../../requests/source/source.ts'
import {
  type AccountInFiles,
  listAccounts,
  withNamedAccounts,
} from '../../input/accounts/list-accounts.ts'
import type { FolderView, ViewOf } from '../../input/environments/folder-views.ts'
import { keyOf } from '../../input/objects/find-object.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { classSource } from '../../input/sources/class-source.ts'
import { externalSecretReader } from '../../input/sources/external-secret-reader.ts'
import { isExternalSecret } from '../../input/sources/external-secrets-kind.ts'
import { leaveGenerated } from '../../input/sources/leave-generated.ts'
import { isClass } from '../../input/sources/referred-to.ts'
import { findSyncMistakes } from './find-sync-mistakes.ts'

/** What the files say about a class or an ExternalSecret. */
export interface SourceFacts {
  /** Absent if the object requests no Secrets. */
  readonly source: Source | undefined
  /** The reasons why Secret sync wouldn't make its Secrets. */
  readonly mistakes: readonly Problem[]
  /** The accounts of its namespace that count as enabled. */
  readonly listed: readonly AccountInFiles[]
}

/**
 * Reads the classes and ExternalSecrets of an environment. Returns a function that looks up the facts about one of
 * them.
 *
 * @param objects - of the environment
 */
export function readSources(
  objects: FolderView['objects'],
  { viewOf, policy }: { readonly viewOf: ViewOf; readonly policy: Policy },
): (found: NamedObject) => SourceFacts {
  const accounts = listAccounts(objects)
  const readerIn = cached((view: FolderView) => externalSecretReader(view.lookUps, policy))
  const byNamespace = Map.groupBy(
    objects.filter((object) => isClass(object) || isExternalSecret(object)),
    ({ namespace }) => namespace,
  )
  const facts = new Map(
    [...byNamespace].map(([namespace, some]) => {
      const sources = new Map(
        leaveGenerated(
          some.map((object) => ({
            object,
            source: isClass(object)
              ? classSource(object, policy)
              : readerIn(viewOf(object))(object),
          })),
        ).map(({ object, source }) => [keyOf(object), source]),
      )
      const all = [...sources.values()].filter((source) => source !== undefined)
      const listed = withNamedAccounts(accounts.get(namespace) ?? [], all)
      return [
        namespace,
        { sources, listed, mistakes: findSyncMistakes(all, { namespace, listed, policy }) },
      ]
    }),
  )
  return (found) => {
    const { sources, listed = [], mistakes } = facts.get(found.namespace) ?? {}
    const source = sources?.get(keyOf(found))
    return { source, listed, mistakes: (source && mistakes?.get(sourceKey(source.ref))) ?? [] }
  }
}
