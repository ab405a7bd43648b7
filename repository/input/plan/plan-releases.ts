import { dirname, join, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { printable } from '../../../lib/printable.ts'
import { type JsonObject, objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { limitValues } from '../placeholders/limit-values.ts'
import type { RefusedFolder } from '../render/refused.ts'
import type { RenderRoot } from '../render/render-folder.ts'
import type { Rendered } from '../render/render-folders.ts'
import { folderInRepository, topOfRepository } from '../render/repository-root.ts'
import type { RenderFolder, SkippedPath } from '../text/find-files.ts'
import { findHeld } from '../unread/find-held.ts'
import { readFolderText } from '../unread/read-folder-text.ts'
import type { OverlayFolders } from './overlay-folders.ts'
import type { OwnRepository } from './own-repository.ts'
import type { FolderOverlay } from './read-application.ts'
import { type Applied, chartsOf, readBuilder } from './read-builder.ts'
import { buildersIn, maxAdded, substitute, textOf } from './read-flux.ts'
import { type ChartRelease, lookUpCost, type RepositoryReader } from './read-helm-release.ts'

interface ReleaseOptions {
  /** The paths that the user named. */
  readonly named: readonly string[]
  /** What is rendered. */
  readonly follows: readonly RenderFolder['kind'][]
  readonly readChart: (folder: string) => RefusedFolder & { readonly root?: RenderRoot }
  readonly overlays: OverlayFolders
  /** Leaves a chart or a Kustomize folder to an object that applies it. */
  readonly claim: (folder: string) => void
  /** Finds the data of a ConfigMap, as the folder of a cluster sees it. */
  readonly configMap: (name: unknown, environment: string) => JsonObject
  readonly own: OwnRepository
}

/** An object of Flux or Argo CD, by the file that it was read from. */
interface Builder {
  readonly kind: string
  readonly name: string
  readonly path: string
}

/** Where an object was found. */
interface Place {
  readonly file: string
  /** The folder whose definitions count. */
  readonly environment: string
}

/**
 * What Flux and Argo CD do with the releases and Applications in files (docs/specification.md, "Rendering folders").
 */
export class ReleasePlan {
  /** The releases that files name. */
  readonly roots: readonly RenderRoot[]
  readonly #options: ReleaseOptions
  /** Whether all objects of this name in this file are read. */
  readonly #built = new Map<string, boolean>()
  /** How much all objects may still ask for. Small ones can ask for much. */
  #left = maxTotalLength
  readonly #topOfFolder = cached(
    (folder: string) => topOfRepository(join(folder, 'file'), this.#options.named) ?? folder,
  )
  readonly #paths = new Map<string, { readonly path: string | undefined }>()
  readonly #seen = new Set<string>()
  /** Objects that aren't read, by the charts that they are made from. */
  readonly #unreadUsers = new Map<string, Omit<Builder, 'path'>>()
  /** The namespaces that Applications give to the objects in folders. */
  readonly #namespaces = new Map<string, Set<string | undefined>>()

  /** @param files - those that are read as they are */
  constructor(files: readonly string[], options: ReleaseOptions) {
    this.#options = options
    this.roots = files.flatMap((file) =>
      this.#rootsFor(buildersIn(textOf(file), file), { file, environment: dirname(file) }),
    )
  }

  /** Returns what the objects in a rendered text apply. */
  follow(rendered: Rendered | RefusedFolder): readonly RenderRoot[] {
    if ('errors' in rendered) return []
    const { root, text } = rendered
    const { file, environment = dirname(file), values } = root
    const objects = buildersIn(text, file).map((object) => ({
      ...object,
      ...(values && { spec: substitute(object['spec'], limitValues(values, maxAdded)) }),
    }))
    return this.#rootsFor(objects, { file, environment })
  }

  /** Returns the namespace that Applications give to the objects of a file or a Kustomize folder. */
  namespaceOf(path: string): string | undefined {
    const own = resolve(path)
    const found = new Set(this.#namespaces.get(own) ?? this.#namespaces.get(dirname(own)))
    return found.size === 1 ? [...found][0] : undefined
  }

  /** What is known of the repository's own address. */
  get own(): RepositoryReader['own'] {
    return this.#options.own
  }

  /** Finds a path, from the top of the repository that has a file. */
  pathOf(path: string, file: string): string | undefined {
    return this.#find(path, this.#topOf(file))
  }

  /** Says why a chart isn't judged by its default values, if that is so: an object that isn't read gives it others. */
  leavesAside(chart: string): SkippedPath | undefined {
    const user = this.#unreadUsers.get(resolve(chart))
    if (user === undefined) return undefined
    const text = readFolderText(chart)
    return text === undefined || findHeld(text)
      ? { path: chart, reason: valuesUnknown(user) }
      : undefined
  }

  /** Whether everything that an object becomes is read. */
  isBuilt(object: Builder): boolean {
    return this.#built.get(keyOf(object)) ?? false
  }

  #rootsFor(objects: readonly JsonObject[], place: Place): readonly RenderRoot[] {
    const { follows, configMap, own } = this.#options
    const { file, environment } = place
    const top = this.#topOf(file)
    const reader = {
      pathOf: (path: unknown) => (typeof path === 'string' ? this.#find(path, top) : undefined),
      own,
      spend: (amount: number) => this.#spend(amount),
      configMap: (name: unknown) => configMapIn(objects, name) ?? configMap(name, environment),
    }
    return objects.flatMap((object) => {
      const applied = this.#left > 0 ? readBuilder(object, { reader, environment, top }) : undefined
      const isRead = applied?.every(
        ({ releases, overlays }) =>
          (releases.length === 0 || follows.includes('chart')) &&
          (overlays.length === 0 || follows.includes('kustomization')),
      )
      this.#setBuilt({ ...namesOf(object), path: file }, isRead ?? false)
      if (!isRead)
        for (const chart of chartsOf(object, reader))
          this.#unreadUsers.set(resolve(chart), namesOf(object))
      return isRead && applied ? applied.flatMap((one) => this.#apply(one, file)) : []
    })
  }

  #topOf(file: string): string {
    return this.#topOfFolder(dirname(file))
  }

  /** Finds a path of the repository, each once. */
  #find(path: string, top: string): string | undefined {
    const key = JSON.stringify([top, path])
    const known = this.#paths.get(key)
    if (known || !this.#spend(lookUpCost + key.length)) return known?.path
    const found = { path: folderInRepository(path, top) }
    this.#paths.set(key, found)
    return found.path
  }

  #spend(amount: number): boolean {
    this.#left -= amount
    return this.#left >= 0
  }

  /** Objects of the same name, such as those of two namespaces, are only read if each of them is. */
  #setBuilt(object: Builder, isRead: boolean): void {
    const key = keyOf(object)
    this.#built.set(key, isRead && (this.#built.get(key) ?? true))
  }

  #apply({ folders, namespace, releases, overlays, environment }: Applied, file: string) {
    for (const folder of folders) {
      const path = resolve(folder)
      this.#namespaces.set(path, (this.#namespaces.get(path) ?? new Set()).add(namespace))
    }
    return [
      ...releases.flatMap((one) => this.#release(one, { file, environment })),
      ...overlays.flatMap((one) => this.#overlay(one, { file, environment, namespace })),
    ]
  }

  #release({ folder, release }: ChartRelease, place: Place): readonly RenderRoot[] {
    this.#options.claim(folder)
    const { root, path, errors } = this.#options.readChart(folder)
    if (!this.#isNew([folder, release, place.environment])) return []
    if (root) return [{ ...root, ...place, release, namespace: release.namespace }]
    return errors.length > 0 ? [{ path, kind: 'chart', reads: [path], errors, ...place }] : []
  }

  #overlay(
    { folder, components, fields }: FolderOverlay,
    { namespace, ...place }: Place & { readonly namespace: string | undefined },
  ): readonly RenderRoot[] {
    this.#options.claim(folder)
    if (!this.#isNew([folder, components, fields, place.environment])) return []
    const root = this.#options.overlays.rootFor(folder, { ...place, components, fields })
    return [{ ...root, namespace }]
  }

  /** Whether something isn't rendered yet. */
  #isNew(asked: readonly unknown[]): boolean {
    const key = JSON.stringify(asked)
    this.#spend(key.length)
    const isNew = !this.#seen.has(key)
    this.#seen.add(key)
    return isNew
  }
}

/** Characters of all releases and Applications together. The values stay in memory until they are rendered. */
const maxTotalLength = 64 * 1024 * 1024

const valuesUnknown = ({ kind, name }: Omit<Builder, 'path'>): string =>
  `is the chart of ${kind}/${printable(name, 100)}, whose values aren't known here; to check it with others, pass --values CHART=FILE`

const namesOf = (object: JsonObject) => ({
  kind: scalarText(object['kind']),
  name: scalarText(valueAt(object, 'metadata', 'name') ?? 'NAME'),
})

const keyOf = ({ kind, name, path }: Builder): string => JSON.stringify([kind, name, resolve(path)])

/** The data of a ConfigMap among objects that are applied together. */
function configMapIn(objects: readonly JsonObject[], name: unknown): JsonObject | undefined {
  const found = objects.find(
    (object) => object['kind'] === 'ConfigMap' && valueAt(object, 'metadata', 'name') === name,
  )
  return found && objectAt(found, 'data')
}
