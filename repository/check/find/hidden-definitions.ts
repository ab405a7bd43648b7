import { resolve } from 'node:path'
import { once } from '../../../lib/cached.ts'
import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import { objectsIn } from '../../input/plan/read-flux.ts'
import type { SkippedPath } from '../../input/text/find-files.ts'
import { defaultBounds, textsIn } from '../../input/unread/search-skipped.ts'
import { isLink } from '../../input/unread/unread.ts'

/** A class or a store in a folder that isn't read, as its file has it. */
export interface HiddenDefinition {
  readonly path: string
  /** The file or folder that was skipped. */
  readonly skipped: string
  readonly object: JsonObject
}

export type FindHidden = (wanted: {
  readonly kind: string
  readonly name: string
}) => readonly HiddenDefinition[]

/**
 * Returns a function that finds classes or stores by their name in the files of skipped folders. They are read at the first
 * call, because most repositories need none of them. What is rendered could still change such an object, also its namespace.
 *
 * @param read - the files that are read all the same
 */
export function hiddenDefinitions(
  skipped: readonly SkippedPath[],
  read: readonly string[],
): FindHidden {
  const all = once(() => {
    const files = new Set(read.map((path) => resolve(path)))
    const found = new Map<string, HiddenDefinition[]>()
    const left = { ...defaultBounds }
    let toParse = maxParsed
    for (const { path: folder } of skipped) {
      if (isLink(folder)) continue
      for (const file of textsIn(folder, left)) {
        if ('isTooMuch' in file) return found
        if (files.has(resolve(file.path)) || !kindLine.test(file.text)) continue
        toParse -= file.text.length
        if (toParse < 0) return found
        for (const object of objectsIn(file.text, file.path)) {
          const key = keyOf(object['kind'], valueAt(object, 'metadata', 'name'))
          const same = found.get(key) ?? []
          found.set(key, same)
          if (same.length < maxSame) same.push({ path: file.path, skipped: folder, object })
        }
      }
    }
    return found
  })
  return ({ kind, name }) => all().get(keyOf(kind, name)) ?? []
}

const keyOf = (kind: unknown, name: unknown): string => JSON.stringify([kind, name])

const kindLine = /^["']?kind["']?:\s*["']?(?:SecretProviderClass|(?:Cluster)?SecretStore)\b/m

/** Definitions of one name. Each may be looked at for each object that names it. */
const maxSame = 100

/** Characters of all files that are parsed for this. */
const maxParsed = 8 * 1024 * 1024
