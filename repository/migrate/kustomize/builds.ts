import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import type { NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { FileError } from '../../input/text/file-error.ts'
import { applyToObject } from './apply-to-object.ts'
import type { Kustomization } from './kustomization.ts'
import type { KustomizePatch } from './read-patches.ts'

/** What Kustomize would build from a folder. */
export interface Build extends Kustomization {
  /** The patches of each folder in the build. */
  readonly patchesByFolder: readonly (readonly KustomizePatch[])[]
  /** The files in the build, as absolute paths. */
  readonly files: ReadonlySet<string>
  /** Whether no other folder includes it. */
  readonly isRoot: boolean
}

/** The builds of all Kustomize folders. */
export interface Builds {
  /** Returns the builds that include a file. */
  of(source: string): readonly Build[]
  /** Returns the builds that no other folder includes, and that include a file of this folder. */
  rootsIn(folder: string): readonly Build[]
  /** Why Kustomize changes an object, so that its file doesn't have the final version. Undefined if it doesn't. */
  changeOf(object: NamedObject): string | undefined
  /** Why Kustomize changes which files a pod gets. Undefined if it doesn't. */
  podChangeOf(template: PodTemplate): string | undefined
  /** A sentence about other parts of a build with this file that aren't read. */
  unreadBy(source: string): string | undefined
}

/**
 * A repository with a thousand overlays has far fewer. The limit bounds the memory, because each folder may include all
 * others.
 */
const maxParts = 1_000_000
const tooMany = `has folders that include more than ${maxParts.toLocaleString('en')} files up to here; name fewer folders`

/** @throws FileError if the folders include each other too often */
export function findBuilds(
  kustomizations: readonly Kustomization[],
  isRead: (path: string) => boolean,
): Builds {
  const builds = buildsFrom(kustomizations, isRead)
  const byFile = Map.groupBy(
    builds.flatMap((build) => [...build.files].map((file) => ({ file, build }))),
    ({ file }) => file,
  )
  const rootsByFolder = new Map(
    [...Map.groupBy(byFile.keys(), (file) => dirname(file))].map(([folder, files]) => [
      folder,
      [
        ...new Set(files.flatMap((file) => byFile.get(file) ?? []).map(({ build }) => build)),
      ].filter(({ isRoot }) => isRoot),
    ]),
  )
  const buildsOf = cached((source: string) =>
    (byFile.get(resolve(source)) ?? []).map(({ build }) => build),
  )
  const reasonFor = (source: string, isMeant: (patch: KustomizePatch) => boolean) =>
    buildsOf(source)
      .map(({ file, patches, unknown }) => {
        if (patches.some(isMeant)) return `is changed by a patch of ${file}`
        const [field] = unknown
        return field === undefined ? undefined : `may be changed by ${field} of ${file}`
      })
      .find((reason) => reason !== undefined)
  return {
    of: buildsOf,
    rootsIn: (folder) => rootsByFolder.get(folder) ?? [],
    changeOf: (object) => reasonFor(object.manifest.source, (patch) => isTarget(patch, object)),
    podChangeOf: ({ title, pod, manifest }) => {
      const [kind = '', ...rest] = title.split('/')
      const name = rest.join('/')
      const names = ['containers', 'initContainers'].flatMap((list) => namesIn(pod, list))
      return reasonFor(
        manifest.source,
        (patch) =>
          isTarget(patch, { kind, name }) &&
          !patch.harmlessFor?.every((container) => names.includes(container)),
      )
    },
    unreadBy: (source) =>
      buildsOf(source)
        .flatMap(({ file, remote }) => remote.map((entry) => `${entry} in ${file} isn't read`))
        .at(0),
  }
}

function buildsFrom(
  kustomizations: readonly Kustomization[],
  isRead: (path: string) => boolean,
): readonly Build[] {
  const byFolder = new Map(kustomizations.map((found) => [found.folder, found]))
  const included = new Set(
    kustomizations.flatMap(({ resources, components }) => [...resources, ...components]),
  )
  let total = 0
  return kustomizations.map((found): Build => {
    const parts = partsOf(found, byFolder)
    const files = new Set(parts.flatMap(({ resources }) => resources))
    const patches = parts.flatMap((part) => part.patches)
    total += parts.length + files.size + patches.length
    if (total > maxParts) throw new FileError({ source: found.file }, tooMany)
    return {
      ...found,
      files,
      patches,
      patchesByFolder: parts.map(({ patches }) => patches),
      unknown: parts.flatMap(({ unknown }) => unknown),
      remote: parts.flatMap(({ remote, resources, components }) => [
        ...remote,
        ...resources.filter((path) => !byFolder.has(path) && !isRead(path) && existsSync(path)),
        ...components.filter((path) => !byFolder.has(path) && existsSync(path)),
      ]),
      isRoot: !included.has(found.folder),
    }
  })
}

function namesIn(pod: JsonObject, list: string): readonly unknown[] {
  const containers = valueAt(pod, 'spec', list)
  return Array.isArray(containers) ? containers.map((container) => valueAt(container, 'name')) : []
}

/**
 * Applies a build's patches to an object. Undefined if the result isn't certain, for example because the order of
 * several patches matters.
 */
export function builtObject(
  object: NamedObject,
  { patchesByFolder, unknown }: Build,
): NamedObject | undefined {
  const [patches = [], ...others] = patchesByFolder
    .map((some) => some.filter((patch) => isTarget(patch, object)))
    .filter((some) => some.length > 0)
  if (unknown.length > 0 || others.length > 0) return undefined
  const built = patches.reduce<JsonObject | undefined>(
    (changed, { document }) => changed && applyToObject(changed, document),
    object.object,
  )
  return built && { ...object, object: built }
}

const isTarget = (patch: KustomizePatch, { kind, name }: Pick<NamedObject, 'kind' | 'name'>) =>
  (patch.kind ?? kind) === kind && (patch.name ?? name) === name

/** Collects a kustomization, and those of all folders that it includes. */
function partsOf(
  first: Kustomization,
  byFolder: ReadonlyMap<string, Kustomization>,
): readonly Kustomization[] {
  const parts = new Set([first])
  for (const { resources, components } of parts)
    for (const path of [...resources, ...components]) {
      const part = byFolder.get(path)
      if (part) parts.add(part)
    }
  return [...parts]
}
