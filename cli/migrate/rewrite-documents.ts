import { stringify } from 'yaml'
import { type JsonObject, valueAt } from '../../lib/shape.ts'
import { annotationsOf } from '../input/annotations-of.ts'
import { type Manifest, treeOf } from '../input/document/manifest.ts'
import type { ManifestFile } from '../input/read-manifests.ts'
import { type EditableValue, editValue } from '../rewrite/edit-value.ts'
import { joinFiles, type Replacement, rewriteFile } from '../rewrite/rewrite-file.ts'
import type { AccountChange } from './account-change.ts'
import { annotate, changePod } from './edit-document.ts'
import type { Migration } from './plan-migration.ts'

/** The texts of the files with the changes of a migration. All other documents stay byte for byte. */
export function rewriteDocuments(
  files: readonly ManifestFile[],
  migration: Migration,
): readonly string[] {
  const edited = editedDocuments(migration)
  return files.map(({ text, manifests }) => {
    const replacements: readonly Replacement[] = manifests.flatMap((manifest) => {
      const document = edited.get(manifest)
      if (document === undefined) return []
      if (document === 'removed') return { kind: 'dropped', manifest }
      return { kind: 'changed', manifest, value: document.value() }
    })
    const texts = [rewriteFile(text, replacements), ...addedAccounts(manifests, migration)]
    return joinFiles(texts.filter((text) => text !== ''))
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
  // From the last to the first, so that the indexes of the others in a List stay.
  for (const { manifest, path } of removed.toReversed())
    if (path.length === 0) edited.set(manifest, 'removed')
    else open(manifest).remove(path)
  return edited
}

/** Only what differs is written, so that everything else keeps its spelling. */
function newOnes(object: JsonObject, annotations: JsonObject): Readonly<Record<string, string>> {
  const earlier = annotationsOf(object)
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([key, value]) => earlier[key] !== value)
      .map(([key, value]) => [key, String(value)]),
  )
}

/** The accounts that no file has, below the file with their class. */
const addedAccounts = (
  manifests: readonly Manifest[],
  { accounts }: Migration,
): readonly string[] =>
  accounts
    .filter(({ existing, source }) => existing === undefined && manifests.includes(source.manifest))
    .map(accountText)

function accountText({ name, source, annotations }: AccountChange): string {
  const namespace = valueAt(source.object, 'metadata', 'namespace')
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, ...(namespace !== undefined && { namespace }), annotations },
    },
    { lineWidth: 0 },
  )
}
