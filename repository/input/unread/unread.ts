import { lstatSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cached, once } from '../../../lib/cached.ts'
import { scalarText } from '../../../lib/shape.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { findPlaceholders } from '../placeholders/find-placeholders.ts'
import { hasPlaceholder } from '../placeholders/open-names.ts'
import { FileError } from '../text/file-error.ts'
import { readStart } from '../text/read-start.ts'
import { readFolderText } from './read-folder-text.ts'
import { isSearched } from './search-skipped.ts'

/** A file or a folder that isn't read as manifests, but may define or use objects all the same. */
export interface Unread {
  readonly path: string
  readonly isFile: boolean
  /** The file that a symbolic link leads to. */
  readonly target?: string
  /** Its text. Absent if it can't be read as text. */
  readonly text?: string
  /** Why it isn't read, as a clause. */
  readonly reason: string
}

type Named = Pick<NamedObject, 'kind' | 'name'>

/** Whether an unread file may define an object with this name. */
export const mayDefine = (unread: Unread, { kind, name }: Named): boolean =>
  mayHave(unread, `kind["']?\\s*:\\s*["']?${scalarText(kind).replaceAll(/\W/g, '.')}\\b`, name)

/** Whether an unread file may use a class or a store with this name. */
export const mayUse = (unread: Unread, { kind, name }: Named): boolean =>
  mayHave(unread, kind === 'SecretProviderClass' ? classUse : storeUse, name)

const classUse = 'secretProviderClass'
const storeUse = 'external-secrets\\.io|storeRef'

/** Whether an unread text may have the name. A template or a placeholder could make any name. */
function mayHave(unread: Unread, mark: string, name: string): boolean {
  const { text } = unread
  if (text === undefined) return true
  const { hasMark, isOpen } = factsOf(unread, text)
  return hasMark(mark) && (isOpen() || hasPlaceholder(name) || hasName(unread, text, name))
}

interface Facts {
  readonly hasMark: (mark: string) => boolean
  readonly isOpen: () => boolean
  readonly words: () => ReadonlySet<string>
}

/** Caches facts about texts, because each text may be searched for thousands of names. */
const knownFacts = new WeakMap<Unread, Facts>()

function factsOf(unread: Unread, text: string): Facts {
  const known = knownFacts.get(unread)
  if (known) return known
  const facts = {
    hasMark: cached((mark: string) => new RegExp(mark, 'i').test(text)),
    isOpen: once(() => text.includes('{{') || findPlaceholders(text).length > 0),
    words: once(() => new Set(text.match(nameLike))),
  }
  knownFacts.set(unread, facts)
  return facts
}

/** Matches anything in a text that could be a name. */
export const nameLike = /[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?/g

/** Whether a text contains the name, and not just as part of a longer name. */
function hasName(unread: Unread, text: string, name: string): boolean {
  const isWord = name.replace(nameLike, '') === ''
  return isWord ? factsOf(unread, text).words().has(name) : text.includes(name)
}

/** A path for an unread file or folder that can be compared with paths of files. */
export const pathIn = ({ path, isFile }: Unread): string => (isFile ? path : join(path, 'file'))

/** A folder that has to be rendered first. */
export const unreadFolder = ({ path }: { readonly path: string }): Unread => ({
  path,
  isFile: false,
  ...withText(() => readFolderText(path)),
  reason: "isn't rendered",
})

/** A Kustomize patch. It defines nothing, and the kustomization tells what it changes. */
export const unreadPatch = (path: string): Unread => ({
  path,
  isFile: false,
  ...withText(() => wholeText(path)),
  reason: "isn't a resource of a kustomization.yaml",
})

/** A file that doesn't contain manifests. */
export const unreadFile = (path: string): Unread => ({
  path,
  isFile: true,
  ...withText(() => wholeText(path)),
  reason: "can't be read",
})

/** Repositories have fewer. There is a limit, because each may lead to a large folder. */
const maxFolders = 100

/**
 * Returns symbolic links and folders that are too deep as unread. The target of a link counts as if it were at the
 * link's path.
 */
export function unseenPaths(paths: readonly string[]): readonly Unread[] {
  let folders = 0
  const textOf = cached((target: string) =>
    withText(() => {
      const status = statSync(target)
      // Reading a file of /proc might never end. Such files have no size.
      if (status.isFile()) return wholeText(target)
      folders++
      const isFolder = status.isDirectory() && folders <= maxFolders
      return isFolder ? readFolderText(target, isSearched) : undefined
    }),
  )
  return paths
    .filter((path) => !leadsUp(path))
    .map((path) => {
      const target = realPath(path)
      return {
        path,
        isFile: true,
        ...(target !== undefined && { target, ...textOf(target) }),
        reason: "isn't read",
      }
    })
}

function wholeText(file: string): string | undefined {
  const start = readStart(file, maxFileBytes)
  return start?.isWhole ? start.text : undefined
}

const maxFileBytes = 64 * 1024 * 1024

/** Resolves all symbolic links in a path. Undefined if the target doesn't exist. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** Whether a path is a link to a folder that it is in, such as `/`, which has everything else, too. */
export function leadsUp(path: string): boolean {
  const [target, folder] = [realPath(path), realPath(dirname(path))]
  if (!isLink(path) || target === undefined || folder === undefined) return false
  return `${folder}/`.startsWith(target.endsWith('/') ? target : `${target}/`)
}

export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

function withText(read: () => string | undefined): { readonly text?: string } {
  try {
    const text = read()
    return text === undefined ? {} : { text }
  } catch (error) {
    if (error instanceof FileError || (error instanceof Error && 'code' in error)) return {}
    throw error
  }
}
