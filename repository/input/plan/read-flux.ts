import { join, resolve } from 'node:path'
import {
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  scalarText,
  valueAt,
} from '../../../lib/shape.ts'
import { toPlain } from '../document/to-plain.ts'
import { findPlaceholders } from '../placeholders/find-placeholders.ts'
import { limitValues, type Substitutions } from '../placeholders/limit-values.ts'
import { parseManifests } from '../read-manifests.ts'
import { folderInRepository, isWithin, topOfRepository } from '../render/repository-root.ts'
import { FileError } from '../text/file-error.ts'
import { foldersFrom } from '../text/folders-from.ts'
import { readText } from '../text/read-text.ts'
import { isBounded } from './is-bounded.ts'

/** A Kustomization of Flux: a folder of the repository, and what Flux changes in it. */
export interface FluxKustomization {
  readonly name: string
  readonly spec: JsonObject
  /** The file that it was read from. */
  readonly file: string
  /** The folder of its `spec.path`. */
  readonly folder: string
}

const isFluxText = (text: string): boolean =>
  /apiVersion["']?:\s*["']?kustomize\.toolkit\.fluxcd\.io\//.test(text)

/** Whether a text may have objects of Flux or Argo CD. */
export const mayHaveBuilders = (text: string): boolean =>
  /\b(?:toolkit\.fluxcd|argoproj)\.io\//.test(text)

/**
 * Reads the objects in a text that may be of interest to Flux, as far as an API server accepts them. Empty if it isn't valid YAML,
 * which is reported elsewhere.
 */
export function objectsIn(text: string, source: string): readonly JsonObject[] {
  try {
    return parseManifests(text, source, { command: 'check', splitsLists: true, takesLast: true })
      .map(toPlain)
      .filter(isObject)
      .filter(isBounded)
  } catch (error) {
    if (error instanceof FileError) return []
    throw error
  }
}

/** Reads the objects of a text, if some of them may be of Flux or Argo CD. */
export const buildersIn = (text: string, source: string): readonly JsonObject[] =>
  mayHaveBuilders(text) ? objectsIn(text, source) : []

interface FluxReading {
  /** The file in the repository that the text comes from. */
  readonly file: string
  /** The paths that the user named. */
  readonly named: readonly string[]
  /** What Flux puts in place of variables in the text. */
  readonly values?: ReadonlyMap<string, string>
  /** Whether a source is this repository. */
  readonly hasSource: (reference: unknown) => boolean
}

/**
 * Finds the Kustomizations of Flux whose folder is in this repository. Those of the repository's own folder are left
 * out: most of them are of another repository.
 */
export function fluxKustomizationsIn(
  text: string,
  { file, named, values, hasSource }: FluxReading,
): readonly FluxKustomization[] {
  if (!isFluxText(text)) return []
  return objectsIn(text, file).flatMap((object) => {
    if (
      object['kind'] !== 'Kustomization' ||
      !isFluxText(`apiVersion: ${scalarText(object['apiVersion'])}`)
    )
      return []
    const own = values ? substitute(object, limitValues(values, maxAdded)) : object
    const spec = objectAt(own, 'spec')
    const name = scalarText(valueAt(object, 'metadata', 'name'))
    const { path, sourceRef } = spec
    const folder = folderInRepository(fluxPath(path), topOfRepository(file, named))
    return folder === undefined || !hasSource(sourceRef) ? [] : [{ name, spec, file, folder }]
  })
}

/** Reads a path from the top of the repository, as Flux does: `..` doesn't lead above it. */
export const fluxPath = (path: unknown): string => join('/', typeof path === 'string' ? path : '')

/** How many characters values may add to one object. An API server accepts objects of about this size. */
export const maxAdded = 1024 * 1024

/** Puts values in place of variables in all texts of plain data. */
export function substitute(data: unknown, values: Substitutions): unknown {
  if (typeof data === 'string') return filled(data, values)
  if (Array.isArray(data)) return data.map((item) => substitute(item, values))
  if (!isObject(data)) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, substitute(value, values)]),
  )
}

function filled(text: string, values: Substitutions): string {
  let end = 0
  const parts = findPlaceholders(text).map(
    ({ start, text: found, name, fallback, isExpression }) => {
      const before = text.slice(end, start)
      end = start + found.length
      const isFlux = found.startsWith('${') && !isExpression
      return before + ((isFlux ? (values.get(name) ?? fallback) : undefined) ?? found)
    },
  )
  return parts.join('') + text.slice(end)
}

/**
 * Returns a function that finds the data of a ConfigMap in files, by its name. Those in the folder of a cluster count
 * more than those of others.
 */
export function configMapReader(files: readonly string[]) {
  let known: readonly { readonly file: string; readonly object: JsonObject }[] | undefined
  const configMaps = () => {
    known ??= files.flatMap((file) => {
      const text = textOf(file)
      return !/^kind: ConfigMap/m.test(text)
        ? []
        : objectsIn(text, file)
            .filter(({ kind }) => kind === 'ConfigMap')
            .map((object) => ({ file, object }))
    })
    return known
  }
  return (name: unknown, environment: string): JsonObject => {
    const maps = configMaps().filter(({ object }) => valueAt(object, 'metadata', 'name') === name)
    return objectAt(nearest(maps, environment), 'data')
  }
}

/** Reads the values of a Kustomization's `postBuild` from the object and from ConfigMaps. */
export function postBuildValues(
  spec: JsonObject,
  configMap: (name: unknown) => JsonObject,
): ReadonlyMap<string, string> {
  const fromMaps = objectsAt(spec, 'postBuild', 'substituteFrom')
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap(({ name }) => Object.entries(configMap(name)))
  const own = Object.entries(objectAt(spec, 'postBuild', 'substitute'))
  return new Map(
    [...fromMaps, ...own].map(([key, value]) => [key, scalarText(value).replaceAll('\n', '')]),
  )
}

/** Chooses the object that shares the longest path with the folder. None if two do, and differ. */
function nearest(
  found: readonly { readonly file: string; readonly object: JsonObject }[],
  folder: string,
): JsonObject {
  for (const parent of foldersFrom(resolve(folder))) {
    const inside = found.filter(({ file }) => isWithin(resolve(file), parent))
    const texts = new Set(inside.map(({ object }) => JSON.stringify(object['data'])))
    if (inside.length > 0) return texts.size === 1 ? (inside[0]?.object ?? {}) : {}
  }
  return {}
}

/** Reads a file that others report if it can't be read. */
export function textOf(file: string): string {
  try {
    return readText(file)
  } catch (error) {
    if (error instanceof FileError) return ''
    throw error
  }
}
