import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { type Manifest, treeOf } from '../../input/document/manifest.ts'
import { type Placeholders, restoreIn } from '../../input/placeholders/placeholders.ts'
import { type EditableValue, editValue } from '../../rewrite/edit-value.ts'
import { type Replacement, rewriteFile } from '../../rewrite/rewrite-file.ts'
import type { MigratedFile } from '../content/read-input.ts'
import type { AccountChange } from '../plan/account-change.ts'
import type { Migration } from '../plan/plan-migration.ts'
import { annotate, changePod } from './edit-document.ts'

/** A file with the changes of a migration. */
export interface RewrittenFile {
  readonly source: string
  readonly before: string
  readonly after: string
  /** New accounts, which the sources in this file need and no file has. */
  readonly added: readonly AddedAccount[]
  /** Whether a kustomization has the file as a resource. */
  readonly isListed?: boolean
}

interface AddedAccount {
  /** The path of a new file beside the source's file. */
  readonly path: string
  readonly text: string
}

/** Makes the changes of a migration in the texts of the files. All other documents stay the same, byte for byte. */
export function rewriteDocuments(
  files: readonly Pick<MigratedFile, 'source' | 'text' | 'manifests'>[],
  migration: Migration,
  { restoreValue }: Pick<Placeholders, 'restoreValue'>,
): readonly RewrittenFile[] {
  const edited = editedDocuments(migration)
  return files.map(({ source, text, manifests }) => {
    const replacements: readonly Replacement[] = manifests.flatMap((manifest) => {
      const document = edited.get(manifest)
      if (document === undefined) return []
      if (document === 'removed') return { kind: 'dropped', manifest }
      return { kind: 'changed', manifest, value: restoreIn(document.value(), restoreValue) }
    })
    return {
      source,
      before: text,
      after: replacements.length === 0 ? text : rewriteFile(text, replacements),
      added: addedAccounts(manifests, migration, restoreValue),
    }
  })
}

function editedDocuments({
  pods,
  removed,
  accounts,
}: Migration): ReadonlyMap<Manifest, EditableValue | 'removed'> {
  const edited = new Map<Manifest, EditableValue | 'removed'>()
  const open = (manifest: Manifest): EditableValue => {
    const earlier = edited.get(manifest)
    const document =
      earlier === undefined || earlier === 'removed' ? editValue(treeOf(manifest).toJS()) : earlier
    edited.set(manifest, document)
    return document
  }
  for (const { template, change } of pods) changePod(open(template.manifest), template, change)
  for (const { existing, annotations } of accounts)
    if (existing)
      annotate(open(existing.manifest), existing.path, newOnes(existing.object, annotations))
  // Removed from last to first, so that the indexes of the remaining items of a List don't change.
  for (const { manifest, path } of removed.toReversed())
    if (path.length === 0) edited.set(manifest, 'removed')
    else open(manifest).remove(path)
  return edited
}

/** Returns only annotations that differ, so that all others keep their spelling. */
function newOnes(object: JsonObject, annotations: JsonObject): Readonly<Record<string, string>> {
  const earlier = annotationsOf(object)
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([key, value]) => earlier[key] !== value)
      .map(([key, value]) => [key, String(value)]),
  )
}

function addedAccounts(
  manifests: readonly Manifest[],
  { accounts }: Migration,
  restore: Placeholders['restoreValue'],
): readonly AddedAccount[] {
  const own = new Set(manifests)
  return accounts
    .filter(({ existing, source }) => existing === undefined && own.has(source.manifest))
    .map((account) => ({
      path: pathOf(account, restore(account.name)),
      text: accountText(account, restore),
    }))
}

/**
 * Returns the path of an account's new file. Replaces characters that a valid name doesn't have, because a manifest
 * could use them to choose the folder.
 */
const pathOf = ({ source: { manifest } }: AccountChange, name: string): string =>
  join(dirname(manifest.source), `serviceaccount-${name.replaceAll(/[^\w.-]/g, '-')}.yaml`)

function accountText(
  { name, source, annotations }: AccountChange,
  restore: Placeholders['restoreValue'],
): string {
  const namespace = valueAt(source.object, 'metadata', 'namespace')
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, ...(namespace !== undefined && { namespace }), annotations },
  }
  return stringify(restoreIn(account, restore), { lineWidth: 0 })
}
