import { resolve } from 'node:path'
import { mapWithProgress } from '../../../lib/terminal/map-with-progress.ts'
import {
  findNamedObjects,
  findPodTemplates,
  type NamedObject,
  type PodTemplate,
} from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { describeUnbuilt, findUnbuilt } from '../../input/plan/find-unbuilt.ts'
import { type ManifestFile, parseManifests } from '../../input/read-manifests.ts'
import type { ChartSettings } from '../../input/render/chart-options.ts'
import { FileError } from '../../input/text/file-error.ts'
import { findFiles, type SkippedPath } from '../../input/text/find-files.ts'
import { readStart } from '../../input/text/read-start.ts'
import { readText } from '../../input/text/read-text.ts'
import {
  isForeign,
  isForeignText,
  type PassedOver,
  passOverBroken,
  passOverForeign,
  passOverTemplate,
  unreadOf,
} from '../../input/unread/pass-over.ts'
import { heldIn } from '../../input/unread/search-skipped.ts'
import {
  joinUnread,
  sortOutSkipped,
  type UncheckedFinding,
} from '../../input/unread/sort-out-skipped.ts'
import { type Unread, unreadFolder, unreadPatch, unseenPaths } from '../../input/unread/unread.ts'
import { readKustomize } from '../kustomize/read-kustomize.ts'
import type { OtherFiles } from './doubts.ts'
import { type FoundTexts, renderInput } from './render-input.ts'

const command = 'migrate'

/** How to read files, both at first and after they are rewritten. */
interface MigrateReading {
  /** The namespace of objects that don't name one. */
  readonly namespace: string
  readonly placeholders: Placeholders
}

/** A file, and everything in it that `migrate` examines. */
export interface MigratedFile extends ManifestFile {
  /** The file's name as given; `-` is standard input. */
  readonly source: string
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
}

export interface MigrateInput {
  readonly files: readonly MigratedFile[]
  /** Files and folders that can't be read. */
  readonly errors: readonly FileError[]
  /** Those of the errors that aren't about files found in folders. */
  readonly fatal: readonly FileError[]
  /** The files that were named themselves, rather than found in a folder, and what was rendered. */
  readonly named: ReadonlySet<string>
  readonly skipped: readonly SkippedPath[]
  readonly unchecked: readonly UncheckedFinding[]
  readonly otherFiles: OtherFiles
}

/**
 * Reads files, and the manifests in folders. If a file can't be read, the others are read all the same.
 *
 * @param reading - `entersKustomize`: also reads the manifests that a `kustomization.yaml` lists as resources
 */
export const readMigrateInput = (
  paths: readonly string[],
  reading: MigrateReading & { readonly entersKustomize: boolean },
): MigrateInput =>
  readTexts(paths, { ...findFiles(paths, { command, ...reading }), rendered: [] }, reading)

/** The same with charts and Kustomize folders rendered. */
export const readRenderedInput = async (
  paths: readonly string[],
  reading: MigrateReading & ChartSettings,
): Promise<MigrateInput> =>
  readTexts(paths, await renderInput(paths, { command, ...reading }), {
    ...reading,
    entersKustomize: false,
  })

function readTexts(
  paths: readonly string[],
  found: FoundTexts,
  reading: MigrateReading & { readonly entersKustomize: boolean },
): MigrateInput {
  const { entersKustomize } = reading
  const named = new Set([...found.named, ...found.rendered.map(({ source }) => source)])
  // The user may have named the same file in several ways.
  const unique = [...new Map(found.files.map((file) => [resolve(file), file])).values()]
  const kustomize = readKustomize(entersKustomize ? unique : [], found.unrendered)
  const files = unique.filter((source) => !kustomize.others.has(source))
  const read = mapWithProgress(
    [...files.map((source) => ({ source, text: undefined })), ...found.rendered],
    (file) => readOrExplain(file, { ...reading, isNamed: named.has(file.source) }),
    { what: 'reading files' },
  )
  const unread = read.filter((file) => 'error' in file)
  const passedOver = [
    ...read.filter((file) => 'isManifest' in file),
    ...found.templates.map(passOverTemplate),
  ]
  const readable = read.filter((file) => 'manifests' in file)
  const patches = kustomize.patches.filter(mayConcernUs).map((path) => ({
    path,
    reason: 'no kustomization.yaml has it as a resource',
  }))
  const skipped = [...found.skipped, ...patches]
  return {
    files: readable,
    errors: [...found.errors, ...unread.map(({ error }) => error)],
    fatal: [
      ...found.errors,
      ...unread.filter(({ path }) => named.has(path)).map(({ error }) => error),
    ],
    named,
    ...joinUnread(
      describeUnbuilt(unbuiltIn(readable, found), command),
      sortOutSkipped(paths, { skipped, passedOver, read: files }),
    ),
    otherFiles: {
      builds: kustomize.builds,
      unread: [
        ...unread,
        ...passedOver.flatMap(unreadOf),
        ...unseenPaths(found.unseen),
        ...kustomize.patches.map((path) => unreadPatch(path)),
        ...found.unrendered
          .filter(({ kind }) => kind === 'chart' || !entersKustomize)
          .map(unreadFolder),
      ],
    },
  }
}

/** Finds the objects of Flux and Argo CD that aren't rendered, if the others are. */
const unbuiltIn = (files: readonly MigratedFile[], { releases }: FoundTexts) =>
  releases === undefined
    ? []
    : files.map(({ manifests }) => ({
        unbuilt: manifests.flatMap((manifest) => findUnbuilt(manifest, releases)),
      }))

function mayConcernUs(path: string): boolean {
  const start = readStart(path, maxSearchedBytes)
  return start !== undefined && heldIn(path, start) !== undefined
}

/** Patches are shorter. */
const maxSearchedBytes = 1024 * 1024

interface UnreadFile extends Unread {
  readonly error: FileError
}

function readOrExplain(
  { source, text: given }: { readonly source: string; readonly text: string | undefined },
  reading: MigrateReading & { readonly isNamed: boolean },
): MigratedFile | UnreadFile | PassedOver {
  const { isNamed } = reading
  let text = given
  try {
    text ??= readText(source)
    if (!isNamed && isForeignText(text)) return passOverForeign(source, text)
    const file = readFile(source, text, reading)
    const isPassedOver = !isNamed && file.manifests.every(isForeign)
    return isPassedOver ? passOverForeign(source, text) : file
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const passedOver = isNamed ? undefined : passOverBroken(source, error)
    if (passedOver) return passedOver
    const reason = "can't be read"
    return { path: source, isFile: true, ...(text !== undefined && { text }), reason, error }
  }
}

/**
 * Reads the text of a file.
 *
 * @throws FileError if it isn't manifests
 */
export function readFile(
  source: string,
  text: string,
  { namespace, placeholders }: MigrateReading,
): MigratedFile {
  const manifests = parseManifests(text, source, { command, placeholders })
  // One document after another, because each has to be parsed again.
  const found = manifests.flatMap((manifest) =>
    isForeign(manifest)
      ? []
      : {
          templates: findPodTemplates(manifest, namespace),
          objects: findNamedObjects(manifest, namespace),
        },
  )
  return {
    source,
    text,
    manifests,
    templates: found.flatMap(({ templates }) => templates),
    objects: found.flatMap(({ objects }) => objects),
  }
}
