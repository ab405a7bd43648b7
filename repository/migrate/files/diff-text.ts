import { dirname, join, relative, resolve, sep } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import type { FileChange } from './file-change.ts'

/**
 * Finds the folder in which to apply the diffs: the current one, or the nearest folder above that contains all of the
 * files.
 */
export function diffFolder(changes: readonly FileChange[], folder = process.cwd()): string {
  const isInside = ({ path }: FileChange) => resolve(path).startsWith(join(folder, sep))
  return changes.every(isInside) ? folder : diffFolder(changes, dirname(folder))
}

/** Writes the change of a file as a unified diff, which `git apply` and `patch -p1` accept in that folder. */
export function diffText({ path, before, after }: FileChange, folder: string): string {
  const shown = relative(folder, resolve(path)).split(sep).join('/')
  const nameIn = (side: 'a' | 'b', text: string | undefined) =>
    text === undefined ? '/dev/null' : quoted(`${side}/${shown}`)
  const [oldName, newName] = [nameIn('a', before), nameIn('b', after)]
  const patch = createTwoFilesPatch('', '', before ?? '', after ?? '', '', '', { context: 3 })
  const hunks = patch.slice(patch.indexOf('@@'))
  return `--- ${oldName}\n+++ ${newName}\n${hunks}`
}

/**
 * Writes a name as Git does: quoted if it has characters that would end it, and with a tab at the end if it has spaces.
 */
function quoted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  const escaped = name.replaceAll(/["\\\u0000-\u001f\u007f]/g, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  if (escaped !== name) return `"${escaped}"`
  return name.includes(' ') ? `${name}\t` : name
}
