import { resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { isObject, type JsonObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { yamlOptions } from '../../input/document/compose-documents.ts'
import { FileError } from '../../input/text/file-error.ts'
import { readText } from '../../input/text/read-text.ts'
import { harmlessContainers } from './harmless-containers.ts'

/** A patch in a `kustomization.yaml`. */
export interface KustomizePatch {
  /** Absent: of any kind. */
  readonly kind?: string
  /** Absent: of any name. */
  readonly name?: string
  /** The containers that it changes, if the files that a pod gets don't depend on it. */
  readonly harmlessFor?: readonly string[]
  /** The patch, if exactly the object of this kind and name gets it. */
  readonly document?: unknown
}

/** The patches of a kustomization. */
export function readPatches(content: JsonObject, folder: string): readonly KustomizePatch[] {
  const listed = ['patches', 'patchesStrategicMerge', 'patchesJson6902'].flatMap((field) => {
    const list = content[field]
    return Array.isArray(list) ? list : []
  })
  return listed.flatMap((entry) => {
    const documents = documentsIn(entry, folder)
    const target = valueAt(entry, 'target')
    if (documents.length === 0) return [isObject(target) ? targetOf(target) : {}]
    return documents.map((document) => {
      const patch = isObject(target) ? targetOf(target) : identityOf(document)
      const isCertain = patch.kind !== undefined && patch.name !== undefined && !hasSelector(target)
      return { ...patch, ...harmlessContainers(document), ...(isCertain && { document }) }
    })
  })
}

const hasSelector = (target: unknown): boolean =>
  isObject(target) && ('labelSelector' in target || 'annotationSelector' in target)

/** The documents of a patch. None if it can't be read. */
function documentsIn(entry: unknown, folder: string): readonly unknown[] {
  // An item of `patchesStrategicMerge` is a path or the patch itself.
  const [inline, path] =
    typeof entry !== 'string'
      ? [valueAt(entry, 'patch'), valueAt(entry, 'path')]
      : entry.includes('\n')
        ? [entry]
        : [undefined, entry]
  try {
    if (typeof inline !== 'string' && typeof path !== 'string') return []
    const text = typeof inline === 'string' ? inline : readText(resolve(folder, String(path)))
    const documents = parseAllDocuments(text, yamlOptions)
    return 'empty' in documents
      ? []
      : documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown)
  } catch (error) {
    if (error instanceof FileError || error instanceof Error) return []
    throw error
  }
}

/** What a selector selects. Its texts are regular expressions, and those that aren't plain names select everything here. */
function targetOf({ kind, name }: JsonObject): KustomizePatch {
  return { ...(isPlain(kind) && { kind }), ...(isPlain(name) && { name }) }
}

function identityOf(document: unknown): KustomizePatch {
  const { kind } = isObject(document) ? document : {}
  const { name } = objectAt(document, 'metadata')
  return { ...(isPlain(kind) && { kind }), ...(isPlain(name) && { name }) }
}

const isPlain = (text: unknown): text is string =>
  typeof text === 'string' && /^[A-Za-z0-9-]+$/.test(text)
