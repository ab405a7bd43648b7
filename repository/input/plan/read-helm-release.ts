import { join } from 'node:path'
import { type JsonObject, objectAt, objectsAt, scalarText, valueAt } from '../../../lib/shape.ts'
import type { Release, ReleaseValues } from '../render/helm-arguments.ts'
import { isFile } from '../text/is-file.ts'
import type { OwnRepository } from './own-repository.ts'

/** A release, and the folder of its chart. */
export interface ChartRelease {
  readonly folder: string
  readonly release: Release
}

/** What it takes to look something up on the disk, of what objects may ask for. */
export const lookUpCost = 1000

/** How to find what a release names. */
export interface RepositoryReader {
  /** Returns a file or folder of the repository by its path from the top. Undefined if it isn't there. */
  readonly pathOf: (path: unknown) => string | undefined
  /** Returns the data of the ConfigMap that a release means by this name. */
  readonly configMap: (name: unknown) => JsonObject
  /** Takes an amount of what all objects together may ask for. False if too little is left. */
  readonly spend: (amount: number) => boolean
  /** What is known of the repository's own address. */
  readonly own: Pick<OwnRepository, 'isOurs' | 'hasSource' | 'explainUrl' | 'explainSource'>
}

/**
 * Reads a HelmRelease of Flux whose chart is a folder of the repository
 * (https://fluxcd.io/flux/components/helm/helmreleases/).
 *
 * @returns undefined if something that it needs isn't in the repository
 */
export function readHelmRelease(
  { metadata, spec }: JsonObject,
  reader: RepositoryReader,
): ChartRelease | undefined {
  const { chart: path, sourceRef, ...more } = objectAt(spec, 'chart', 'spec')
  const folder = reader.pathOf(path)
  const isOurs =
    valueAt(sourceRef, 'kind') === 'GitRepository' &&
    isChart(folder) &&
    reader.own.hasSource(sourceRef)
  const needsMore = ['chartRef', 'postRenderers'].some((key) => valueAt(spec, key) !== undefined)
  if (!isOurs || needsMore) return undefined
  const from = readValuesFrom(spec, reader)
  const listed = listAt(more['valuesFiles'])
  const files = valuesOf(listed, reader, more['ignoreMissingValuesFiles'] === true)
  if (from === undefined || files === undefined) return undefined
  const target = filledText(spec, 'targetNamespace')
  const own = scalarText(valueAt(metadata, 'name'))
  return checkedRelease(folder, {
    name: filledText(spec, 'releaseName') ?? (target === undefined ? own : `${target}-${own}`),
    namespace: target ?? filledText(metadata, 'namespace'),
    values: [...files, ...from, { text: JSON.stringify(objectAt(spec, 'values')) }],
    sets: [],
    hidesOwnValues: listed.length > 0,
  })
}

/** Whether the path is the folder of a chart. */
export const isChart = (folder: string | undefined): folder is string =>
  folder !== undefined && isFile(join(folder, 'Chart.yaml'))

/** A Secret's values aren't known, and neither is the place of a value that `targetPath` has. */
function readValuesFrom(
  spec: unknown,
  reader: RepositoryReader,
): readonly ReleaseValues[] | undefined {
  const found = objectsAt(spec, 'valuesFrom').map(
    ({ kind, name, valuesKey = 'values.yaml', targetPath, optional }) => {
      if (kind !== 'ConfigMap' || targetPath !== undefined) return undefined
      const text = valueAt(reader.configMap(name), scalarText(valuesKey))
      if (typeof text === 'string') return [{ text }]
      return optional === true ? [] : undefined
    },
  )
  return all(found)?.flat()
}

/** Finds files with values by their paths from the top of the repository. Undefined if one isn't there. */
export const valuesOf = (
  paths: readonly unknown[],
  { pathOf }: Pick<RepositoryReader, 'pathOf'>,
  ignoresMissing: boolean,
): readonly ReleaseValues[] | undefined =>
  paths.length > maxValueFiles
    ? undefined
    : all(
        paths.map((path) => {
          const file = pathOf(path)
          if (file === undefined && ignoresMissing) return []
          return file !== undefined && isFile(file) ? { file } : undefined
        }),
      )?.flat()

/** Each is looked up on the disk. */
const maxValueFiles = 100

/** Returns the list if it has no gaps. */
export const all = <T>(list: readonly (T | undefined)[]): readonly T[] | undefined =>
  list.includes(undefined) ? undefined : (list as readonly T[])

export const listAt = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export function filledText(value: unknown, key: string): string | undefined {
  const text = valueAt(value, key)
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** What Helm and Kubernetes accept. None of these can be taken for an option. */
const releaseName = /^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$/
const namespaceName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** An API server accepts objects of about this size. */
const maxLength = 1024 * 1024
/** Linux accepts arguments of this size. */
const maxSetLength = 65_536

/** Leaves out a release that can't be handed over to Helm. */
export function checkedRelease(folder: string, release: Release): ChartRelease | undefined {
  const { name, namespace, values, sets } = release
  const length = values.reduce((sum, one) => sum + ('text' in one ? one.text.length : 0), 0)
  const isFine =
    releaseName.test(name) &&
    (namespace === undefined || namespaceName.test(namespace)) &&
    length <= maxLength &&
    sets.join('').length <= maxSetLength &&
    sets.every((text) => /^\P{Cc}*$/u.test(text))
  return isFine ? { folder, release } : undefined
}
