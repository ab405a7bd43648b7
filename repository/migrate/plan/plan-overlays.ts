import { dirname, resolve } from 'node:path'
import { stringify } from 'yaml'
import { cached } from '../../../lib/cached.ts'
import { classNamesOf } from '../../../requests/class/driver-volumes.ts'
import type { FolderView } from '../../input/environments/folder-views.ts'
import { viewsByFolder } from '../../input/environments/folder-views.ts'
import { findObject, keyOf } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { restoreIn } from '../../input/placeholders/placeholders.ts'
import type { MigratedContent } from '../content/content.ts'
import { doubtsFrom } from '../content/doubts.ts'
import { type Build, builtObject } from '../kustomize/builds.ts'
import { mergePatch } from './merge-patch.ts'
import type { Migration } from './plan-migration.ts'
import { planPod } from './plan-pod.ts'

/** A patch that turns a volume of a base's pod into annotations in one overlay. */
export interface OverlayPatch {
  readonly template: PodTemplate
  readonly folder: string
  /** The overlay's `kustomization.yaml`. Absent if the folder has none. */
  readonly kustomization?: string
  /** The text of the strategic merge patch. */
  readonly text: string
}

interface Overlay extends Pick<OverlayPatch, 'folder' | 'kustomization'> {
  readonly view: FolderView
}

/**
 * Makes patches for pods that can't be changed in the base, because each overlay has a class of its own: in the base,
 * annotations would be right for only one overlay.
 */
export function planOverlays(
  content: MigratedContent,
  { pods }: Migration,
): readonly OverlayPatch[] {
  const { policy, otherFiles, placeholders } = content
  const { restore, restoreValue } = placeholders
  const changed = new Set(pods.map(({ template }) => template))
  const kept = content.templates.filter(
    (template) =>
      !changed.has(template) &&
      classNamesOf(template.pod).size > 0 &&
      otherFiles.builds.podChangeOf(template) === undefined,
  )
  const viewOfBuild = cached((build: Build) => viewFrom(build, content))
  return kept.flatMap((template) =>
    overlaysOf(template, { ...content, viewOfBuild }).flatMap(({ view, ...overlay }) => {
      const plan = planPod(template, { policy, objects: view.lookUps })
      if (plan.kind !== 'changes') return []
      const patch = mergePatch(template, plan)
      if (patch === undefined) return []
      const shown = { ...template, title: restore(template.title) }
      const text = stringify(restoreIn(patch, restoreValue), { lineWidth: 0 })
      return { template: shown, ...overlay, text }
    }),
  )
}

/** Finds the builds that include a pod's file, or else the folders with definitions of its class. */
function overlaysOf(
  template: PodTemplate,
  {
    objects,
    viewOf,
    otherFiles: { builds },
    viewOfBuild,
  }: MigratedContent & { readonly viewOfBuild: (build: Build) => FolderView },
): readonly Overlay[] {
  const { source } = template.manifest
  const own = resolve(dirname(source))
  const roots = builds.of(source).filter(({ isRoot, folder }) => isRoot && folder !== own)
  if (roots.length > 0)
    return roots.map((build) => ({
      folder: dirname(build.file),
      kustomization: build.file,
      view: viewOfBuild(build),
    }))
  const wanted = [...classNamesOf(template.pod)].map((name) => ({
    kind: 'SecretProviderClass',
    namespace: template.namespace,
    name,
  }))
  const unclear = wanted.filter(
    (name) => findObject<FoundObject>(viewOf(template).lookUps, name)?.unclear !== undefined,
  )
  const keys = new Set(unclear.map(keyOf))
  const definitions = objects.filter((object) => keys.has(keyOf(object)))
  const byFolder = new Map(definitions.map((found) => [dirname(found.manifest.source), found]))
  return [...byFolder].map(([folder, found]) => ({ folder, view: viewOf(found) }))
}

/** The objects of a build, with its patches applied, and the objects that are in no build. */
function viewFrom(build: Build, { objects, otherFiles }: MigratedContent): FolderView {
  const { builds } = otherFiles
  const unsure = new Set<NamedObject>()
  const here = objects.flatMap((object) => {
    const { source } = object.manifest
    if (!build.files.has(resolve(source))) return builds.of(source).length === 0 ? object : []
    const built = builtObject(object, build)
    if (built === undefined) unsure.add(object)
    return built ?? object
  })
  const changeOf = (object: NamedObject) =>
    unsure.has(object) ? `is changed by ${build.file}` : undefined
  const doubts = doubtsFrom({ ...otherFiles, builds: { ...builds, changeOf } })
  return viewsByFolder(here, doubts)({ manifest: { source: build.file } })
}
