import { join } from 'node:path'
import type { NamedObject } from '../../input/find-objects.ts'
import { findPlaceholders } from '../../input/placeholders/find-placeholders.ts'
import { hasStandIn } from '../../input/placeholders/stand-in.ts'
import { FileError } from '../../input/text/file-error.ts'
import { readText } from '../../input/text/read-text.ts'
import { readFolderText } from './read-folder-text.ts'

/** A file or a folder that isn't read as manifests. It may define or use objects all the same. */
export interface Unread {
  readonly path: string
  readonly isFile: boolean
  /** Absent if it can't be read as text. */
  readonly text?: string
  /** Why, as a clause about it. */
  readonly reason: string
}

type Named = Pick<NamedObject, 'kind' | 'name'>

/** Whether an unread file may have a definition of this name. */
export const mayDefine = (unread: Unread, { kind, name }: Named): boolean =>
  mayHave(unread, new RegExp(String(kind).replaceAll(/\W/g, '.')), name)

/** Whether something unread may need a class or a store of this name. */
export const mayUse = (unread: Unread, { kind, name }: Named): boolean =>
  mayHave(unread, kind === 'SecretProviderClass' ? classUse : storeUse, name)

const classUse = /secretProviderClass/i
const storeUse = /external-secrets\.io|storeRef/i

/** A name may be made by a template, or have a placeholder. */
function mayHave(unread: Unread, mark: RegExp, name: string): boolean {
  const { text } = unread
  if (text === undefined) return true
  const isOpen = text.includes('{{') || hasStandIn(name) || findPlaceholders(text).length > 0
  return mark.test(text) && (isOpen || hasName(unread, text, name))
}

/** The words of texts, because each of them may be asked for thousands of names. */
const knownWords = new WeakMap<Unread, ReadonlySet<string>>()
const word = /[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?/g

/** Whether a text has a name that isn't part of a longer one. */
function hasName(unread: Unread, text: string, name: string): boolean {
  const words = knownWords.get(unread) ?? new Set(text.match(word))
  knownWords.set(unread, words)
  const isWord = name.replace(word, '') === ''
  return isWord ? words.has(name) : text.includes(name)
}

/** A file in place of what isn't read. */
export const placeIn = ({ path, isFile }: Unread): string => (isFile ? path : join(path, 'file'))

/** A folder that has to be rendered first. */
export const unreadFolder = ({ path }: { readonly path: string }): Unread => ({
  path,
  isFile: false,
  ...withText(() => readFolderText(path)),
  reason: "isn't rendered",
})

/** A patch of Kustomize. What it changes is known from the kustomization, so that it defines nothing. */
export const unreadPatch = (path: string): Unread => ({
  path,
  isFile: false,
  ...withText(() => readText(path)),
  reason: "isn't a resource of a kustomization.yaml",
})

function withText(read: () => string | undefined): { readonly text?: string } {
  try {
    const text = read()
    return text === undefined ? {} : { text }
  } catch (error) {
    if (error instanceof FileError || (error instanceof Error && 'code' in error)) return {}
    throw error
  }
}
