import { dirname, resolve } from 'node:path'
import type { JsonObject } from '../../../lib/shape.ts'
import { fieldsFor } from '../render/overlay.ts'
import type { FolderReferences } from '../render/read-references.ts'
import type { RefusedFolder } from '../render/refused.ts'
import type { RenderRoot } from '../render/render-folder.ts'
import type { Rendered } from '../render/render-folders.ts'
import type { OverlayFolders } from './overlay-folders.ts'
import {
  type FluxKustomization,
  fluxKustomizationsIn,
  postBuildValues,
  textOf,
} from './read-flux.ts'

interface FluxOptions {
  readonly named: readonly string[]
  /** Whether a source of Flux is this repository. */
  readonly hasSource: (reference: unknown) => boolean
  /** Finds the data of a ConfigMap, as the folder of a cluster sees it. */
  readonly configMap: (name: unknown, environment: string) => JsonObject
  readonly folders: OverlayFolders
  /** Leaves a folder to Flux. */
  readonly claim: (folder: string) => void
}

/** The folders that Flux renders. */
interface FluxPlan {
  /** Returns the folders of Kustomizations that neither another one includes nor these folders. */
  readonly start: (others: readonly RenderRoot[]) => readonly RenderRoot[]
  /** The files that only Flux reads, as absolute paths, and Kustomize folders. */
  readonly files: ReadonlySet<string>
  readonly parts: ReadonlySet<FolderReferences>
  /** Returns the folders that a rendered text names. */
  readonly follow: (rendered: Rendered | RefusedFolder) => readonly RenderRoot[]
  /** Returns the folders that nothing has named in the end. Undefined if there are none. */
  readonly end: () => readonly RenderRoot[] | undefined
}

/** Plans what Flux does with the Kustomizations in these files (docs/specification.md, "Rendering folders"). */
export function planFlux(files: readonly string[], options: FluxOptions): FluxPlan {
  const { named, folders, configMap, hasSource, claim } = options
  const all = files.flatMap((file) =>
    fluxKustomizationsIn(textOf(file), { file, named, hasSource }),
  )
  const seen = new Set<string>()
  const consumed = new Set<string>()
  /** The folders to render for these, each once. `file`: the one that the cluster begins with. */
  const rootsFor = (found: readonly FluxKustomization[], file?: string): readonly RenderRoot[] =>
    found.flatMap((one) => {
      const top = file ?? one.file
      const key = JSON.stringify([one.name, one.folder, one.spec, dirname(top)])
      if (seen.has(key)) return []
      seen.add(key)
      seen.add(placeOf(one))
      claim(one.folder)
      const root = folders.rootFor(one.folder, {
        file: top,
        environment: dirname(top),
        components: one.spec['components'],
        fields: fieldsFor(one.spec),
      })
      return { ...root, values: postBuildValues(one.spec, (name) => configMap(name, dirname(top))) }
    })
  const contents = all.map(({ folder, file }) => ({ file, ...folders.contentOf(folder) }))
  const isIncluded = ({ file }: FluxKustomization) =>
    contents.some((other) => other.file !== file && other.files.has(resolve(file)))
  const parts = new Set(contents.flatMap((content) => content.parts))
  return {
    start: (others) =>
      rootsFor(
        all.filter(
          (one) => !isIncluded(one) && !others.some((other) => other.files?.has(resolve(one.file))),
        ),
      ),
    files: new Set(contents.flatMap((content) => [...content.files])),
    parts,
    follow(rendered) {
      if ('errors' in rendered) return []
      const { root, text } = rendered
      for (const file of root.files ?? []) consumed.add(file)
      const { file, values } = root
      const reading = { file, named, hasSource, ...(values && { values }) }
      return rootsFor(fluxKustomizationsIn(text, reading), file)
    },
    end() {
      const left = rootsFor(
        all.filter((one) => !seen.has(placeOf(one)) && !consumed.has(resolve(one.file))),
      )
      return left.length > 0 ? left : undefined
    },
  }
}

const placeOf = ({ name, folder }: FluxKustomization): string => `${name} ${folder}`
