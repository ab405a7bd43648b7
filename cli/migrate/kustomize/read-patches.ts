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
}

/** The patches of a kustomization. */
export function readPatches(content: JsonObject, folder: string): readonly KustomizePatch[] {
  const listed = ['patches', 'patchesStrategicMerge', 'patchesJson6902'].flatMap((field) => {
    const list = content[field]
    return Array.isArray(list) ? list : []
  })
  return listed.flatMap((entry) => {
    const inline = typeof entry === 'string' ? entry : valueAt(entry, 'patch')
    const path = typeof entry === 'string' ? entry : valueAt(entry, 'path')
    const documents = documentsIn(inline, path, folder)
    const target = valueAt(entry, 'target')
    if (documents.length === 0) return [isObject(target) ? targetOf(target) : {}]
    return documents.map((document) => ({
      ...(isObject(target) ? targetOf(target) : identityOf(document)),
      ...harmlessContainers(document),
    }))
  })
}

/** The documents of a patch. None if it can't be read. */
function documentsIn(inline: unknown, path: unknown, folder: string): readonly unknown[] {
  try {
    const isInline = typeof inline === 'string' && inline.includes('\n')
    if (!isInline && typeof path !== 'string') return []
    const text = isInline ? inline : readText(resolve(folder, String(path)))
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
