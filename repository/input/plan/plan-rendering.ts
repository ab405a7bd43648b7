import { resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { readChart } from '../render/read-chart.ts'
import { type FolderReferences, readReferences } from '../render/read-references.ts'
import { type RefusedFolder, tooMany } from '../render/refused.ts'
import type { RenderRoot } from '../render/render-folder.ts'
import type { Rendered } from '../render/render-folders.ts'
import type { FileError } from '../text/file-error.ts'
import type { FoundFiles, RenderFolder, SkippedPath } from '../text/find-files.ts'
import { readOverlayFolders } from './overlay-folders.ts'
import { OwnRepository } from './own-repository.ts'
import { planFlux } from './plan-flux.ts'
import { ReleasePlan } from './plan-releases.ts'
import { configMapReader } from './read-flux.ts'
import { Unclaimed } from './unclaimed.ts'

/** Which files to read directly, and which folders to render first. */
export interface RenderPlan {
  readonly files: readonly string[]
  /** The folders to render. None of them is part of another one. */
  readonly roots: readonly RenderRoot[]
  readonly skipped: readonly SkippedPath[]
  readonly refused: readonly RefusedFolder[]
  /** Returns the folders to render next. */
  readonly follow: (rendered: Rendered | RefusedFolder | 'end') => readonly RenderRoot[]
  /** What is known of releases and Applications. */
  readonly releases: Pick<ReleasePlan, 'namespaceOf' | 'isBuilt' | 'pathOf' | 'own' | 'leavesAside'>
  readonly errors: readonly FileError[]
}

/** Each takes a tenth of a second. */
const maxFolders = 1000

interface PlanOptions {
  /** For messages. */
  readonly command: string
  /** The paths that the user named. */
  readonly named: readonly string[]
  /** Which folders to render as Flux and Argo CD do. Needs their programs. */
  readonly follows?: readonly RenderFolder['kind'][]
}

/**
 * Decides which folders are rendered: charts, and the Kustomize folders that no other one refers to. Files that a
 * Kustomize folder refers to aren't read directly. All others are.
 */
export function planRendering(
  { files, named: namedFiles, unrendered, skipped, errors }: FoundFiles,
  { command, named, follows = [] }: PlanOptions,
): RenderPlan {
  // The user may have named the same folder in several ways.
  const unique = [...new Map(unrendered.map((folder) => [resolve(folder.path), folder])).values()]
  const ofKind = (kind: RenderFolder['kind']) =>
    unique.filter((folder) => folder.kind === kind).map(({ path }) => path)
  const chartAt = cached((path: string) => readChart(path, { command, named }))
  const charts = ofKind('chart').map(chartAt)
  const configMap = configMapReader(files)
  const own = new OwnRepository(files, named)
  const paths = ofKind('kustomization')
  const shown = new Map(paths.map((path) => [resolve(path), path]))
  const readAt = cached((path: string) =>
    readReferences(shown.get(path) ?? path, { command, named }),
  )
  const readFolder = (path: string) => readAt(resolve(path))
  const overlays = readOverlayFolders({
    command,
    named,
    closureOf: (folder) => closureOf(readFolder(folder), readFolder),
  })
  const unclaimed = new Unclaimed()
  const claim = (folder: string) => unclaimed.claim(folder)
  const flux = planFlux(
    follows.includes('kustomization') ? files.filter((file) => !namedFiles.has(file)) : [],
    {
      named,
      configMap,
      hasSource: (reference) => own.hasSource(reference),
      folders: overlays,
      claim,
    },
  )
  const kustomize = planKustomize(paths.map(readFolder), { read: readFolder, flux: flux.parts })
  const read = files.filter(
    (file) => file === '-' || !(kustomize.used.has(resolve(file)) || flux.files.has(resolve(file))),
  )
  const releases = new ReleasePlan(
    read.filter((file) => file !== '-'),
    { named, follows, readChart: chartAt, overlays, claim, configMap, own },
  )
  unclaimed.add([...kustomize.roots, ...charts.flatMap(({ root }) => root ?? [])])
  const withNamespaces = (roots: readonly RenderRoot[]) =>
    roots.map((root) => ({ ...root, namespace: releases.namespaceOf(root.path) }))
  // In the end, first the folders whose objects may claim others.
  const remaining = (): readonly RenderRoot[] =>
    unclaimed.naming('kustomization') ?? unclaimed.naming('chart') ?? flux.end() ?? unclaimed.rest()
  return {
    files: read,
    roots: [...flux.start(kustomize.roots), ...releases.roots],
    skipped: [...skipped, ...kustomize.skipped, ...charts.flatMap(({ skip }) => skip ?? [])],
    refused: [...kustomize.refused, ...charts.filter((chart) => chart.errors.length > 0)],
    follow: (rendered) =>
      rendered === 'end'
        ? withNamespaces(remaining())
        : [...flux.follow(rendered), ...releases.follow(rendered)],
    releases,
    errors,
  }
}

interface KustomizePlan {
  readonly roots: readonly RenderRoot[]
  /** The files that kustomize reads, as absolute paths. */
  readonly used: ReadonlySet<string>
  readonly skipped: readonly SkippedPath[]
  readonly refused: readonly RefusedFolder[]
}

function planKustomize(all: readonly FolderReferences[], options: BuildOptions): KustomizePlan {
  const found = all.filter(({ kind }) => kind !== 'foreign')
  const builds = findBuilds(found, options)
  const reached = new Set([...options.flux, ...builds.flatMap(({ parts }) => parts)])
  const used = [...found, ...reached].flatMap(({ file, files }) => [file, ...files])
  return {
    roots: builds
      .filter(({ errors }) => errors.length === 0)
      .map(({ root: { folder, file }, parts }) => ({
        path: folder,
        kind: 'kustomization',
        file,
        reads: parts.map(({ folder }) => folder),
        files: new Set(
          parts.flatMap((part) => [part.file, ...part.files]).map((file) => resolve(file)),
        ),
        isWhollyKnown: parts.every(({ isWhollyKnown }) => isWhollyKnown),
      })),
    used: new Set(used.map((file) => resolve(file))),
    skipped: found
      .filter((part) => part.kind === 'component' && !reached.has(part))
      .map(({ folder }) => ({ path: folder, reason: unused })),
    refused: builds
      .filter(({ errors }) => errors.length > 0)
      .map(({ root, parts, errors }) => ({
        path: root.folder,
        kind: 'kustomization',
        reads: parts.map(({ folder }) => folder),
        errors,
      })),
  }
}

/** A Kustomize folder that is rendered as a whole. */
interface Build {
  readonly root: FolderReferences
  /** The folder, and everything that it refers to. */
  readonly parts: readonly FolderReferences[]
  readonly errors: readonly FileError[]
}

interface BuildOptions {
  readonly read: (path: string) => FolderReferences
  /** What Flux renders. */
  readonly flux: ReadonlySet<FolderReferences>
}

/**
 * Plans a build for each folder that no other one refers to. If folders refer to each other in a circle, the first of
 * them is built, so that kustomize reports the circle.
 */
function findBuilds(
  found: readonly FolderReferences[],
  { flux, read }: BuildOptions,
): readonly Build[] {
  const candidates = found.filter(({ kind }) => kind === 'kustomization')
  const referred = new Set(found.flatMap(({ folders }) => folders.map((path) => resolve(path))))
  const roots = candidates.filter(({ folder }) => !referred.has(resolve(folder)))
  const builds: Build[] = []
  const reached = new Set(flux)
  for (const root of [...roots, ...candidates]) {
    if (reached.has(root)) continue
    const parts = closureOf(root, read)
    for (const part of parts) reached.add(part)
    const isTooLarge = parts.length > maxFolders
    const errors = [
      ...parts.flatMap((part) => part.errors),
      ...(isTooLarge ? [tooMany(root.folder, maxFolders)] : []),
    ]
    builds.push({ root, parts, errors })
  }
  return builds
}

const unused = 'is a Kustomize component, and no folder here that is rendered refers to it'

/** Collects a Kustomize folder and everything that it refers to. Stops if there are too many. */
function closureOf(
  root: FolderReferences,
  read: BuildOptions['read'],
): readonly FolderReferences[] {
  const closure = new Map([[resolve(root.folder), root]])
  for (const { folders } of closure.values())
    for (const folder of folders) {
      if (closure.size > maxFolders) return [...closure.values()]
      const path = resolve(folder)
      if (!closure.has(path)) closure.set(path, read(folder))
    }
  return [...closure.values()]
}
