import { resolve } from 'node:path'
import { isObject, type JsonObject, objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { treeOf } from '../../input/document/manifest.ts'
import { parseManifests } from '../../input/read-manifests.ts'
import { FileError } from '../../input/text/file-error.ts'
import { isFile } from '../../input/text/is-file.ts'
import { readText } from '../../input/text/read-text.ts'
import { harmlessContainers } from './harmless-containers.ts'

/** A patch in a `kustomization.yaml`. */
export interface KustomizePatch {
  /** The kind of the patched objects. Absent: any kind. */
  readonly kind?: string
  /** The name of the patched objects. Absent: any name. */
  readonly name?: string
  /** The containers that it changes, if it doesn't affect the files that a pod gets. */
  readonly harmlessFor?: readonly string[]
  /** The patch's content, if it applies to exactly the object of this kind and name. */
  readonly document?: unknown
}

/**
 * Far more than any folder has. There is a limit, because each may be a large file, and is compared with each object.
 */
const maxPatches = 1000

/**
 * Reads the patches of a kustomization.
 *
 * @param documentsOf - reads the documents of a file; returns none if it can't be read
 */
export function readPatches(
  content: JsonObject,
  folder: string,
  documentsOf: (path: string) => readonly unknown[],
): readonly KustomizePatch[] {
  const listed = ['patches', 'patchesStrategicMerge', 'patchesJson6902'].flatMap((field) => {
    const list = content[field]
    return Array.isArray(list) ? list : []
  })
  if (listed.length > maxPatches) return [ofAnything]
  const patches = listed.flatMap((entry) => {
    const documents = documentsIn(entry, (path) => documentsOf(resolve(folder, path)))
    const target = valueAt(entry, 'target')
    if (documents.length === 0) return [isObject(target) ? targetOf(target) : ofAnything]
    return documents.slice(0, maxPatches + 1).map((document) => {
      const patch = isObject(target) ? targetOf(target) : identityOf(document)
      const isCertain = patch.kind !== undefined && patch.name !== undefined && !hasSelector(target)
      return { ...patch, ...harmlessContainers(document), ...(isCertain && { document }) }
    })
  })
  return patches.length > maxPatches ? [ofAnything] : patches
}

const ofAnything: KustomizePatch = {}

const hasSelector = (target: unknown): boolean =>
  isObject(target) && ('labelSelector' in target || 'annotationSelector' in target)

/** Returns the documents of a patch. None if it can't be read. */
function documentsIn(
  entry: unknown,
  documentsOf: (path: string) => readonly unknown[],
): readonly unknown[] {
  // An item of `patchesStrategicMerge` is a path or an inline patch.
  const [inline, path] =
    typeof entry !== 'string'
      ? [valueAt(entry, 'patch'), valueAt(entry, 'path')]
      : entry.includes('\n')
        ? [entry]
        : [undefined, entry]
  if (typeof inline === 'string') return documentsOfText(() => inline)
  return typeof path === 'string' ? documentsOf(path) : []
}

/**
 * Reads the documents of a file with patches. None if it can't be read. Only regular files are read, because a path may
 * lead to a device that never ends.
 */
export const patchDocuments = (path: string): readonly unknown[] =>
  isFile(path) ? documentsOfText(() => readText(path)) : []

/** Parses the documents of a text as values. None if it can't be read, or is too large. */
export function documentsOfText(read: () => string): readonly unknown[] {
  try {
    return parseManifests(read(), 'patch', { command: 'migrate' }).map((manifest): unknown =>
      treeOf(manifest).toJS({ maxAliasCount: 100 }),
    )
  } catch (error) {
    // The library throws a ReferenceError for too many aliases.
    if (error instanceof FileError || error instanceof ReferenceError) return []
    throw error
  }
}

/**
 * Reads the target of a patch. Its texts are regular expressions. One that isn't a plain name counts as matching
 * everything.
 */
function targetOf({ kind, name }: JsonObject): KustomizePatch {
  return { ...(isPlain(kind) && { kind }), ...(isPlain(name) && { name }) }
}

function identityOf(document: unknown): KustomizePatch {
  const { kind } = isObject(document) ? document : {}
  // Kustomize applies each item of a List as a patch.
  if (scalarText(kind).endsWith('List')) return ofAnything
  const { name } = objectAt(document, 'metadata')
  return { ...(isPlain(kind) && { kind }), ...(isPlain(name) && { name }) }
}

const isPlain = (text: unknown): text is string =>
  typeof text === 'string' && /^[A-Za-z0-9-]+$/.test(text)
