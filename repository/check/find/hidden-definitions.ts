import { dirname, join, resolve } from 'node:path'
import { once } from '../../../lib/cached.ts'
import { type JsonObject, scalarText, valueAt } from '../../../lib/shape.ts'
import { objectsIn } from '../../input/plan/read-flux.ts'
import type { SkippedPath } from '../../input/text/find-files.ts'
import { isRendered, sourceFile } from '../../input/text/rendered-source.ts'
import type { RenderedChart } from '../../input/unread/chart-omissions.ts'
import { defaultBounds, textsIn } from '../../input/unread/search-skipped.ts'
import { isLink } from '../../input/unread/unread.ts'

/** A class or a store in a file that isn't read, as that has it, or as a template may make it. */
export interface HiddenDefinition {
  readonly path: string
  readonly object: JsonObject
  /** Whether a template makes its name. */
  readonly isNameOpen: boolean
  /** Why it isn't read, and what to do, as a clause. */
  readonly why: string
}

interface Hidden extends HiddenDefinition {
  readonly chart: RenderedChart | undefined
}

interface Wanted {
  readonly kind: string
  readonly name: string
}

/** @param source - of the document that refers to it */
export type FindHidden = (wanted: Wanted, source?: string) => readonly HiddenDefinition[]

/** What isn't read. */
interface Unseen {
  readonly skipped: readonly SkippedPath[]
  /** Charts whose default values may leave objects out. */
  readonly charts: readonly RenderedChart[]
}

/**
 * Returns a function that finds classes or stores by their name in the files of skipped folders, and in templates of charts. They are
 * read at the first call, because most repositories need none of them. What is rendered could still change such an object, also its
 * namespace.
 *
 * @param read - the files that are read all the same
 */
export function hiddenDefinitions(unseen: Unseen, read: readonly string[]): FindHidden {
  const all = once(() => {
    const files = new Set(read.map((path) => resolve(path)))
    const found = new Map<string, Hidden[]>()
    const left = { ...defaultBounds }
    let toParse = maxParsed
    for (const { folder, chart, why } of placesOf(unseen)) {
      for (const file of textsIn(folder, left)) {
        if ('isTooMuch' in file) return found
        if (files.has(resolve(file.path)) || !kindLine.test(file.text)) continue
        toParse -= file.text.length
        if (toParse < 0) return found
        for (const object of objectsIn(withoutActions(file.text), file.path)) {
          const name = scalarText(valueAt(object, 'metadata', 'name'))
          const isNameOpen = name.includes(action)
          const key = keyOf(object['kind'], isNameOpen ? undefined : name)
          const same = found.get(key) ?? []
          found.set(key, same)
          if (same.length < maxSame) same.push({ path: file.path, object, isNameOpen, why, chart })
        }
      }
    }
    return found
  })
  return ({ kind, name }, source) => {
    const exact = all().get(keyOf(kind, name)) ?? []
    const open = all().get(keyOf(kind, undefined)) ?? []
    return exact.length > 0 ? exact : open.filter((one) => mayHaveName(one, { name, source }))
  }
}

/** Folders to search, each with the chart that it is part of if that was rendered. */
const placesOf = ({ skipped, charts }: Unseen) => [
  ...skipped
    .filter(({ path }) => !isLink(path))
    .map(({ path }) => ({
      folder: path,
      chart: undefined,
      why: `which isn't read, because ${path} is skipped; render that, and pass the result with these files`,
    })),
  ...charts.flatMap((chart) =>
    ['templates', 'charts'].map((name) => ({
      folder: join(chart.path, name),
      chart,
      why: `which the default values of ${chart.path} leave out; pass others with --values FILE`,
    })),
  ),
]

/**
 * Whether a template may make this name. If its start and end are inserted, or fixed only by a single character, nearly any name could be
 * its own, so only the references of its own chart count. A template makes no name if its chart has given such an object another one.
 */
function mayHaveName(
  { object, chart }: Hidden,
  { name, source = '' }: { readonly name: string; readonly source: string | undefined },
): boolean {
  const held = object['kind'] === 'SecretProviderClass' ? 'class' : 'operator'
  if (chart?.has.has(held)) return false
  const [start = '', ...others] = scalarText(valueAt(object, 'metadata', 'name')).split(action)
  const end = others.at(-1) ?? ''
  if (name.length < start.length + end.length) return false
  if (!name.startsWith(start) || !name.endsWith(end)) return false
  return /\w\w/.test(`${start} ${end}`) || (chart !== undefined && isFrom(source, chart))
}

/** Whether something was rendered from a chart. */
const isFrom = (source: string, { path }: RenderedChart): boolean =>
  isRendered(source) && resolve(dirname(sourceFile(source))) === resolve(path)

/** Stands for what a template inserts. No name has this character. */
const action = '\uFFFC'

/** Makes YAML of the template of a chart, as far as only values are inserted. */
const withoutActions = (text: string): string =>
  text.includes('{{')
    ? text
        .replaceAll(/^[ \t]{0,100}\{\{[^{}\n]{0,1000}\}\}[ \t]{0,100}$/gm, '')
        .replaceAll(/\{\{[^{}]{0,1000}\}\}/g, action)
    : text

const keyOf = (kind: unknown, name: unknown): string => JSON.stringify([kind, name])

const kindLine = /^["']?kind["']?:\s*["']?(?:SecretProviderClass|(?:Cluster)?SecretStore)\b/m

/** Definitions of one name. Each may be looked at for each object that names it. */
const maxSame = 100

/** Characters of all files that are parsed for this. */
const maxParsed = 8 * 1024 * 1024
