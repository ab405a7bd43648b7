import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { isObject, type JsonObject, objectAt, objectsAt } from '../../../lib/shape.ts'
import { isFile } from '../text/is-file.ts'
import { realPath } from '../unread/unread.ts'

/** What is rendered through a `kustomization.yaml` that we write outside of the repository. */
export interface Overlay {
  /** Files and folders, relative to the current folder. */
  readonly resources: readonly string[]
  readonly components: readonly string[]
  /** Other fields of the `kustomization.yaml`. */
  readonly fields: JsonObject
}

/** Writes the `kustomization.yaml` into a new folder, and copies the files beside it, because kustomize reads no others. */
export function writeOverlay({ resources, components, fields }: Overlay, folder: string): void {
  mkdirSync(folder)
  const from = realpathSync(folder)
  const local = (path: string) => relative(from, realPath(path) ?? resolve(path))
  const copied = (path: string, index: number) => {
    const name = `${index}-${basename(path)}`
    copyFileSync(path, join(folder, name))
    return name
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: resources.map((path, i) => (isFile(path) ? copied(path, i) : local(path))),
    components: components.map(local),
    ...fields,
  }
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization))
}

const imageFields = ['name', 'newName', 'newTag', 'digest']
const targetFields = [
  ...['group', 'version', 'kind', 'name', 'namespace'],
  ...['labelSelector', 'annotationSelector'],
]

/**
 * Writes the fields of a Flux Kustomization that Flux hands over to Kustomize
 * (https://fluxcd.io/flux/components/kustomize/kustomizations/). None of them can name a file.
 */
export function fieldsFor(spec: JsonObject): JsonObject {
  const { targetNamespace: namespace, namePrefix, nameSuffix } = spec
  const labels = texts(objectAt(spec, 'commonMetadata', 'labels'))
  return {
    ...texts({ namespace, namePrefix, nameSuffix }),
    patches: objectsAt(spec, 'patches').flatMap(({ patch, target }) =>
      typeof patch !== 'string'
        ? []
        : { patch, ...(isObject(target) && { target: texts(target, targetFields) }) },
    ),
    images: objectsAt(spec, 'images').map((image) => texts(image, imageFields)),
    ...(Object.keys(labels).length > 0 && { labels: [{ pairs: labels }] }),
  }
}

/** The members that are texts. */
const texts = (object: JsonObject, names = Object.keys(object)): JsonObject =>
  Object.fromEntries(
    Object.entries(object).filter(
      ([name, value]) => typeof value === 'string' && names.includes(name),
    ),
  )
