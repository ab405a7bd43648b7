import { mapWithProgress } from '../../lib/terminal/map-with-progress.ts'
import type { Manifest } from '../input/document/manifest.ts'
import type { Placeholders } from '../input/placeholders/placeholders.ts'
import { describeUnbuilt, findUnbuilt, type Unbuilt } from '../input/plan/find-unbuilt.ts'
import { planRendering, type RenderPlan } from '../input/plan/plan-rendering.ts'
import { readRendered } from '../input/plan/read-rendered.ts'
import { eachManifest } from '../input/read-manifests.ts'
import {
  type ChartOptions,
  type ChartSettings,
  readChartOptions,
} from '../input/render/chart-options.ts'
import { hasDefaultValues } from '../input/render/helm-arguments.ts'
import type { Rendered } from '../input/render/render-folders.ts'
import { chooseRendered } from '../input/render/render-programs.ts'
import { FileError } from '../input/text/file-error.ts'
import { findFiles, type RenderFolder, type SkippedPath } from '../input/text/find-files.ts'
import { readText } from '../input/text/read-text.ts'
import { ChartOmissions } from '../input/unread/chart-omissions.ts'
import { openChart } from '../input/unread/open-chart.ts'
import {
  doubtsOf,
  isForeign,
  isForeignText,
  type PassedOver,
  passOverBroken,
  passOverForeign,
  passOverTemplate,
} from '../input/unread/pass-over.ts'
import { joinUnread, sortOutSkipped } from '../input/unread/sort-out-skipped.ts'
import { type Unread, unreadFile, unseenPaths } from '../input/unread/unread.ts'
import {
  contentOfDocument,
  type DocumentContent,
  hasNoContent,
  isOfInterest,
} from './document-content.ts'
import { type FindHidden, hiddenDefinitions } from './find/hidden-definitions.ts'
import { describeNothing } from './findings/describe-nothing.ts'
import { addCounts, type KindCounts } from './findings/kind-counts.ts'
import type { CheckReport } from './findings/report.ts'

export interface ReadingOptions extends ChartOptions {
  readonly namespace: string
  /** The name of the command, for messages. */
  readonly command: string
  readonly placeholders: Placeholders
  /**
   * Whether to render charts and Kustomize folders with the programs on the PATH. If undefined, this is done where it
   * works.
   */
  readonly render?: boolean | undefined
  /** Whether to show no progress. */
  readonly quiet?: boolean
}

export interface CheckInput extends Pick<CheckReport, 'errors' | 'skipped' | 'unchecked'> {
  /** Those of the errors that aren't about files found in folders. Without what was named, there is nothing to say. */
  readonly fatal: readonly FileError[]
  /** Only documents in which there is something to examine. */
  readonly contents: readonly DocumentContent[]
  /** Files that weren't read, and that may define objects, too. */
  readonly unread: readonly Unread[]
  /** Finds what others refer to in the folders that weren't read. */
  readonly findHidden: FindHidden
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
  const { render } = options
  const renders = chooseRendered(render)
  const charts = readChartOptions(options, renders !== undefined)
  const everything = findFiles(paths, { ...options, renders })
  const isRendered = ({ kind }: RenderFolder) => renders?.includes(kind) ?? false
  const plan = planRendering(
    { ...everything, unrendered: everything.unrendered.filter(isRendered) },
    { ...options, named: paths, follows: renders ?? [] },
  )
  const reading = { ...options, releases: plan.releases }
  const read = readFiles(plan.files, everything.named, reading)
  const unreadable = read.flatMap((error, i) => {
    const path = plan.files[i]
    return error instanceof FileError && path !== undefined ? { path, error } : []
  })
  const leftOut = new ChartOmissions()
  const rendered = await readRendered(plan, {
    ...options,
    ...charts,
    isRequired: render === true,
    read: (result) => readOutput(result, { ...reading, ...charts, leftOut }),
  })
  const readable = [...read, ...rendered.read].filter((file) => 'contents' in file)
  const contents = readable.flatMap((file) => file.contents)
  const notManifests = read.filter((file) => 'isManifest' in file)
  const passedOver = [...notManifests, ...everything.templates.map(passOverTemplate)]
  const ofFolders = [...plan.errors, ...rendered.errors]
  const fatal = [
    ...ofFolders,
    ...unreadable.flatMap(({ path, error }) => (everything.named.has(path) ? error : [])),
  ]
  const errors = [...ofFolders, ...unreadable.map(({ error }) => error)]
  const hasNothing = errors.length === 0 && !contents.some(isOfInterest)
  const seen = {
    files: readable.length,
    documents: readable.reduce((total, file) => total + file.documents, 0),
    unrendered: [
      ...everything.unrendered.filter((folder) => !isRendered(folder)),
      ...rendered.refused,
    ],
  }
  return {
    contents,
    ignored: addCounts(readable.map((file) => file.ignored)),
    errors,
    fatal,
    ...joinUnread(
      describeUnbuilt(readable, options.command),
      { skipped: leftOut.found(), unchecked: [] },
      sortOutSkipped(paths, { skipped: rendered.skipped, passedOver, read: plan.files }),
    ),
    unread: [
      ...unreadable.flatMap(({ path }) => (path === '-' ? [] : unreadFile(path))),
      ...passedOver.flatMap(doubtsOf),
      ...unseenPaths(everything.unseen),
    ],
    findHidden: hiddenDefinitions(
      { skipped: rendered.skipped, charts: leftOut.charts() },
      plan.files,
    ),
    files: readable.length,
    ...(hasNothing && { nothing: describeNothing(seen) }),
  }
}

interface FileReading extends Omit<ReadingOptions, keyof ChartOptions> {
  /** What Flux and Argo CD apply. */
  readonly releases: RenderPlan['releases']
}

/** Reads what was rendered of a folder. */
function readOutput(
  { text, source, root }: Rendered,
  { leftOut, ...options }: FileReading & ChartSettings & { readonly leftOut: ChartOmissions },
): FileContents | FileError | SkippedPath {
  const isDefault = hasDefaultValues(root, options)
  const skipped = isDefault ? options.releases.leavesAside(root.path) : undefined
  if (skipped) return skipped
  leftOut.note(root, text, isDefault)
  const placeholders = isDefault
    ? options.placeholders.inChart(openChart(root.path))
    : options.placeholders.within(root.values ?? new Map())
  const namespace = root.namespace ?? options.namespace
  return readContents(() => text, source, { ...options, placeholders, namespace })
}

type ReadFile = FileContents | PassedOver | FileError

const readFiles = (
  files: readonly string[],
  named: ReadonlySet<string>,
  options: FileReading,
): readonly ReadFile[] =>
  mapWithProgress(
    files,
    (file) =>
      named.has(file)
        ? readContents(() => readInput(file), file, options)
        : readFound(file, options),
    { what: 'reading files', isQuiet: options.quiet ?? false },
  )

/** Reads a file of a folder, which may have files of other programs, too. */
function readFound(file: string, options: FileReading): ReadFile {
  let text: string | undefined
  const read = () => {
    text = readText(file)
    return isForeignText(text) ? '' : text
  }
  const namespace = options.releases.namespaceOf(file) ?? options.namespace
  const found = readContents(read, file, {
    ...options,
    namespace,
    isLookedAt: (one) => !isForeign(one),
  })
  if (found instanceof FileError) return passOverBroken(file, found) ?? found
  return found.documents === 0 ? passOverForeign(file, text ?? '') : found
}

interface FileContents extends Pick<CheckInput, 'contents' | 'ignored'> {
  readonly documents: number
  readonly unbuilt: readonly Unbuilt[]
}

function readInput(file: string): string {
  const text = readText(file)
  if (file === '-' && text.trim() === '') throw new FileError({ source: file }, emptyInput)
  return text
}

function readContents(
  read: () => string,
  source: string,
  {
    namespace,
    command,
    placeholders,
    releases,
    isLookedAt = () => true,
  }: FileReading & { readonly isLookedAt?: (manifest: Manifest) => boolean },
): FileContents | FileError {
  const contents: DocumentContent[] = []
  const unbuilt: Unbuilt[] = []
  const ignored = new Map<string, number>()
  let documents = 0
  const reading = { command, splitsLists: true, takesLast: true, placeholders }
  try {
    for (const manifest of eachManifest(read(), source, reading)) {
      if (!isLookedAt(manifest)) continue
      const content = contentOfDocument(manifest, namespace, ignored)
      documents += 1
      unbuilt.push(...findUnbuilt(manifest, releases))
      if (!hasNoContent(content)) contents.push(content)
      if (contents.length > maxContents)
        throw new FileError({ source: manifest.source }, tooManyDocuments)
    }
    return { contents, ignored, documents, unbuilt }
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
