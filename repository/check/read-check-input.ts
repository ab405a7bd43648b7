import { mapWithProgress } from '../../lib/terminal/map-with-progress.ts'
import type { Manifest } from '../input/document/manifest.ts'
import {
  type AnnotatedManifest,
  findAnnotatedObjects,
  findNamedObjects,
  findPodTemplates,
  type NamedObject,
  type PodTemplate,
} from '../input/objects/find-objects.ts'
import type { Placeholders } from '../input/placeholders/placeholders.ts'
import { eachManifest } from '../input/read-manifests.ts'
import { checkValues } from '../input/render/check-values.ts'
import { planRendering } from '../input/render/plan-rendering.ts'
import { settleRefused } from '../input/render/refused.ts'
import { renderFolders } from '../input/render/render-folders.ts'
import { chooseRendered } from '../input/render/render-programs.ts'
import { isReferredTo } from '../input/sources/referred-to.ts'
import { FileError } from '../input/text/file-error.ts'
import { findFiles } from '../input/text/find-files.ts'
import { readText } from '../input/text/read-text.ts'
import { type Unread, unreadFile, unseenPaths } from '../input/unread/unread.ts'
import { describeNothing } from './findings/describe-nothing.ts'
import { addCounts, addKind, type KindCounts } from './findings/kind-counts.ts'
import type { CheckReport } from './findings/report.ts'
import type { Verdict } from './findings/verdict.ts'
import { checkOtherObject } from './objects/check-other-object.ts'

/** Everything in one document that `check` examines. Its other objects aren't kept. */
export interface DocumentContent {
  readonly templates: readonly PodTemplate[]
  /** Classes, ServiceAccounts, and objects of the External Secrets Operator, which other documents may refer to. */
  readonly objects: readonly NamedObject[]
  /** ServiceAccounts with our annotations. */
  readonly accounts: readonly AnnotatedManifest[]
  /** Secrets with our annotations. */
  readonly secrets: readonly AnnotatedManifest[]
  /** Verdicts about other objects. */
  readonly others: readonly Verdict[]
}

export interface ReadingOptions {
  readonly namespace: string
  /** The name of the command, for messages. */
  readonly command: string
  readonly placeholders: Placeholders
  /**
   * Whether to render charts and Kustomize folders with the programs on the PATH. If undefined, this is done where it
   * works.
   */
  readonly render?: boolean | undefined
  /** Files with values for charts. */
  readonly values?: readonly string[]
  /** Whether to show no progress. */
  readonly quiet?: boolean
}

export interface CheckInput extends Pick<CheckReport, 'errors' | 'skipped'> {
  /** Only documents in which there is something to examine. */
  readonly contents: readonly DocumentContent[]
  /** Files that weren't read, and that may define objects, too. */
  readonly unread: readonly Unread[]
  /** How many files were read. */
  readonly files: number
  /** The objects that weren't examined, and have no verdict. */
  readonly ignored: KindCounts
  /** If everything could be read and nothing is of interest: a description of what was read. */
  readonly nothing?: string
}

/** Reads the manifests. If a file can't be read, the others are read all the same. */
export async function readCheckInput(
  paths: readonly string[],
  options: ReadingOptions,
): Promise<CheckInput> {
  const { render, values = [] } = options
  const renders = chooseRendered(render)
  if (values.length > 0) checkValues(values, renders !== undefined)
  const everything = findFiles(paths, { ...options, renders })
  const unrendered = everything.unrendered.filter(({ kind }) => !renders?.includes(kind))
  const { files, roots, refused, ...found } = planRendering(
    { ...everything, unrendered: everything.unrendered.filter((one) => !unrendered.includes(one)) },
    { ...options, named: paths },
  )
  const read = readFiles(files, options)
  const unreadable = read.flatMap((file, i) => (file instanceof FileError ? (files[i] ?? []) : []))
  const failed = [...refused]
  const rendered: string[] = []
  for await (const result of renderFolders(roots, { ...options, values })) {
    if ('errors' in result) failed.push(result)
    else {
      read.push(readContents(() => result.text, result.source, options))
      rendered.push(...result.root.reads)
    }
  }
  const settled = settleRefused(failed, { isRequired: render === true, rendered })
  const readable = read.filter((file) => 'contents' in file)
  const contents = readable.flatMap((file) => file.contents)
  const errors = [
    ...found.errors,
    ...settled.errors,
    ...read.filter((file) => file instanceof FileError),
  ]
  const hasNothing = errors.length === 0 && !contents.some(isOfInterest)
  const seen = {
    files: readable.length,
    documents: readable.reduce((total, file) => total + file.documents, 0),
    unrendered: [...unrendered, ...failed],
  }
  return {
    contents,
    ignored: addCounts(readable.map((file) => file.ignored)),
    errors,
    skipped: [...found.skipped, ...settled.skipped],
    unread: [
      ...unreadable.filter((path) => path !== '-').map(unreadFile),
      ...unseenPaths(everything.unseen),
    ],
    files: readable.length,
    ...(hasNothing && { nothing: describeNothing(seen) }),
  }
}

const readFiles = (files: readonly string[], options: ReadingOptions) =>
  mapWithProgress(files, (file) => readContents(() => readInput(file), file, options), {
    what: 'reading files',
    isQuiet: options.quiet ?? false,
  })

/** An account without our annotations only matters if other objects refer to it. */
const isOfInterest = ({ templates, objects, accounts, secrets }: DocumentContent): boolean =>
  templates.length + accounts.length + secrets.length > 0 ||
  objects.some(({ kind }) => kind !== 'ServiceAccount')

interface FileContents extends Pick<CheckInput, 'contents' | 'ignored'> {
  readonly documents: number
}

function readInput(file: string): string {
  const text = readText(file)
  if (file === '-' && text.trim() === '') throw new FileError({ source: file }, emptyInput)
  return text
}

function readContents(
  read: () => string,
  source: string,
  { namespace, command, placeholders }: ReadingOptions,
): FileContents | FileError {
  const contents: DocumentContent[] = []
  const ignored = new Map<string, number>()
  let documents = 0
  const reading = { command, splitsLists: true, placeholders }
  try {
    for (const manifest of eachManifest(read(), source, reading)) {
      const content = contentOf(manifest, namespace, ignored)
      documents += 1
      if (!isEmpty(content)) contents.push(content)
      if (contents.length > maxContents)
        throw new FileError({ source: manifest.source }, tooManyDocuments)
    }
    return { contents, ignored, documents }
  } catch (error) {
    if (error instanceof FileError) return error
    throw error
  }
}

const emptyInput =
  'is empty; if a command writes it, such as helm template, see whether that failed'

/**
 * The largest clusters run this many pods. There is a limit, because even a small document takes more than a kilobyte
 * of memory.
 */
const maxContents = 100_000
const tooManyDocuments = `has more than ${maxContents.toLocaleString('en')} objects to look at; split it`

/** @param ignored - gets the objects that aren't examined */
function contentOf(
  manifest: Manifest,
  namespace: string,
  ignored: Map<string, number>,
): DocumentContent {
  const templates = findPodTemplates(manifest, namespace)
  const all = findNamedObjects(manifest, namespace)
  const accounts = findAnnotatedObjects('ServiceAccount', { manifest, namespace })
  const secrets = findAnnotatedObjects('Secret', { manifest, namespace })
  const objects = all.filter(isReferredTo)
  const checked = new Set(
    [
      ...templates.map(({ ownerPath }) => ownerPath),
      ...[...objects, ...secrets].map(({ path }) => path),
    ].map((path) => JSON.stringify(path)),
  )
  const unchecked = all.filter(({ path }) => !checked.has(JSON.stringify(path)))
  const others = unchecked.flatMap((object) => {
    const verdict = checkOtherObject(object)
    if (verdict === undefined) addKind(ignored, object.kind)
    return verdict ?? []
  })
  return {
    templates: compact(templates),
    objects: compact(objects),
    accounts: compact(accounts),
    secrets: compact(secrets),
    others: compact(others),
  }
}

/**
 * Replaces empty lists by a shared one: most documents fill only one of these lists, and a file may have a million
 * documents.
 */
const compact = <T>(list: readonly T[]): readonly T[] => (list.length === 0 ? none : list)

const none: readonly never[] = []

const isEmpty = ({ templates, objects, accounts, secrets, others }: DocumentContent): boolean =>
  templates.length + objects.length + accounts.length + secrets.length + others.length === 0
