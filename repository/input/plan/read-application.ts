import { join } from 'node:path'
import { isObject, type JsonObject, objectAt, objectsAt, scalarText } from '../../../lib/shape.ts'
import type { ReleaseValues } from '../render/helm-arguments.ts'
import { fieldsFor } from '../render/overlay.ts'
import { kustomizationNames } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import { applicationSources } from './application-sources.ts'
import {
  all,
  type ChartRelease,
  checkedRelease,
  filledText,
  isChart,
  listAt,
  type RepositoryReader,
  valuesOf,
} from './read-helm-release.ts'

/** What an Application of Argo CD applies. */
export interface Application {
  readonly name: string
  readonly releases: readonly ChartRelease[]
  /** Kustomize folders that Argo CD changes. */
  readonly overlays: readonly FolderOverlay[]
  /** Folders of manifests, or of Kustomize. */
  readonly folders: readonly string[]
  /** The namespace of objects that name none. */
  readonly namespace: string | undefined
}

/** A Kustomize folder, and what Argo CD adds to its `kustomization.yaml`. */
export interface FolderOverlay {
  readonly folder: string
  readonly components: unknown
  readonly fields: JsonObject
}

/**
 * Reads an Application whose sources are all in the repository
 * (https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml).
 *
 * @returns undefined if something that it needs isn't in the repository, or only Argo CD can do it
 */
export function readApplication(
  { metadata, spec }: JsonObject,
  reader: RepositoryReader,
): Application | undefined {
  const name = filledText(metadata, 'name') ?? ''
  const namespace = filledText(objectAt(spec, 'destination'), 'namespace')
  // A source that has only a name is for the files of others.
  const listed = applicationSources(objectAt({ spec }, 'spec'))
  const sources = listed.filter(
    ({ ref, path, chart }) => ref === undefined || path !== undefined || chart !== undefined,
  )
  const read = all(
    sources.map((source) => {
      const folder = reader.pathOf(source['path'])
      if (folder === undefined || 'chart' in source || 'plugin' in source) return undefined
      if (isChart(folder)) {
        const found = readSource(source, { folder, name, namespace, reader })
        return found && { release: found }
      }
      if (isAppliedAsIs(source)) return { folder }
      const overlay = readOverlay(source, folder)
      return overlay && { overlay }
    }),
  )
  if (!listed.every(({ repoURL }) => reader.own.isOurs(repoURL))) return undefined
  if (read === undefined || read.length === 0 || !/^\w[\w.-]*$/.test(name)) return undefined
  return {
    name,
    namespace,
    releases: read.flatMap((one) => ('release' in one ? one.release : [])),
    overlays: read.flatMap((one) => ('overlay' in one ? one.overlay : [])),
    folders: read.flatMap((one) => ('folder' in one ? one.folder : [])),
  }
}

/** What changes no field that we look at. */
const idle = [
  ...['version', 'kubeVersion', 'apiVersions', 'images', 'replicas', 'commonAnnotationsEnvsubst'],
  ...['forceCommonAnnotations', 'forceCommonLabels', 'labelWithoutSelector'],
  ...['labelIncludeTemplates', 'recurse', 'include', 'exclude'],
]

/** What we hand over to Kustomize. */
const overlaid = [
  ...['namePrefix', 'nameSuffix', 'namespace', 'commonLabels', 'commonAnnotations'],
  ...['patches', 'components'],
]

/** Whether Argo CD applies the folder's manifests, or what Kustomize makes of them, without more changes. */
export const isAppliedAsIs = ({ helm, kustomize, directory }: JsonObject): boolean =>
  helm === undefined &&
  [kustomize, directory].every((options) =>
    Object.keys(Object(options)).every((key) => idle.includes(key)),
  )

const isPlainPatch = ({ patch, target: _, ...others }: JsonObject): boolean =>
  typeof patch === 'string' && Object.keys(others).length === 0

/** Undefined if a Kustomize folder is changed in a way that we don't hand over. */
function readOverlay(
  { kustomize, helm, directory }: JsonObject,
  folder: string,
): FolderOverlay | undefined {
  const options = objectAt({ kustomize }, 'kustomize')
  const { namespace, commonLabels, commonAnnotations, components, labelWithoutSelector } = options
  const isKnown =
    helm === undefined &&
    directory === undefined &&
    kustomizationNames.some((name) => isFile(join(folder, name))) &&
    Object.keys(options).every((key) => idle.includes(key) || overlaid.includes(key)) &&
    objectsAt(options, 'patches').every(isPlainPatch) &&
    // Argo CD puts its own variables in place of these.
    !JSON.stringify(commonAnnotations ?? {}).includes('$')
  if (!isKnown) return undefined
  const labels =
    labelWithoutSelector === true
      ? {
          labels: [
            { pairs: commonLabels, includeTemplates: options['labelIncludeTemplates'] === true },
          ],
        }
      : { commonLabels }
  const { images: _, ...fields } = fieldsFor({ ...options, targetNamespace: namespace })
  return {
    folder,
    components,
    fields: {
      ...fields,
      ...(isObject(commonLabels) && labels),
      ...(isObject(commonAnnotations) && { commonAnnotations }),
    },
  }
}

/** What we hand over to Helm, and what makes no difference. */
const known = [
  ...['releaseName', 'valueFiles', 'values', 'valuesObject', 'parameters', 'version'],
  ...[
    'ignoreMissingValueFiles',
    'passCredentials',
    'skipCrds',
    'skipTests',
    'skipSchemaValidation',
  ],
]

interface Context {
  readonly folder: string
  readonly name: string
  readonly namespace: string | undefined
  readonly reader: RepositoryReader
}

function readSource(
  source: JsonObject,
  { folder, name, namespace, reader }: Context,
): ChartRelease | undefined {
  const helm = objectAt(source, 'helm')
  const listed = listAt(helm['valueFiles'])
  const files = listed.map((file) => fromTop(scalarText(file), source['path']))
  const values = valuesOf(files, reader, helm['ignoreMissingValueFiles'] === true)
  const isKnown = Object.keys(helm).every((key) => known.includes(key))
  // Argo CD puts its own variables in place of these.
  if (!isKnown || values === undefined || /\$\{?ARGOCD_/.test(JSON.stringify(helm)))
    return undefined
  const text = filledText(helm, 'values')
  const { valuesObject } = helm
  const own: readonly ReleaseValues[] = isObject(valuesObject)
    ? [{ text: JSON.stringify(valuesObject) }]
    : text === undefined
      ? []
      : [{ text }]
  return checkedRelease(folder, {
    name: filledText(helm, 'releaseName') ?? name,
    namespace,
    values: [...values, ...own],
    sets: objectsAt(helm, 'parameters').map(setOf),
  })
}

/** The path of a file with values from the top of the repository. `$NAME/` begins one of another source. */
const fromTop = (file: string, folder: unknown): string =>
  file.startsWith('/') || file.startsWith('$')
    ? file.replace(/^(?:\/|\$[^/]*\/)/, '')
    : join(scalarText(folder), file)

/** Argo CD masks commas, too, unless they separate the items of a list. */
function setOf({ name, value, forceString }: JsonObject): string {
  const text = scalarText(value)
  const masked = /^\{.*\}$/s.test(text) ? text : text.replaceAll(/(?<!\\),/g, '\\,')
  return `--set${forceString === true ? '-string' : ''}=${scalarText(name)}=${masked}`
}
