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
const mayHave = ({ text }: Unread, mark: RegExp, name: string): boolean =>
  text === undefined ||
  (mark.test(text) &&
    (text.includes(name) ||
      text.includes('{{') ||
      hasStandIn(name) ||
      findPlaceholders(text).length > 0))

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
