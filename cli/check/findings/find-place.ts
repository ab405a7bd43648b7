import { printable } from '../../../lib/printable.ts'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Manifest } from '../../input/document/manifest.ts'
import { placeOf } from '../../input/document/place-of.ts'
import { ownKeys, type Path } from '../../input/document/search-templates.ts'
import { toPlain } from '../../input/document/to-plain.ts'
import type { Place } from '../../input/text/file-error.ts'

/** An object or a pod template in a document. */
export interface InDocument {
  readonly manifest: Manifest
  readonly path: Path
}

/**
 * Finds the annotation or the field that a message names at its beginning.
 *
 * @param subject - such as `akv-injector.io/refresh`, `volume kv, SecretProviderClass kv` or `parameters.objects, item 2`
 */
export function findPlace({ manifest, path }: InDocument, subject: string): Place | undefined {
  const object = valueAt(toPlain(manifest), path)
  const found = annotationPath(object, subject) ?? itemPath(object, subject) ?? fieldPath(subject)
  if (found === undefined || valueAt(object, found) === undefined) return undefined
  return placeOf(manifest, [...path, ...found])
}

function annotationPath(object: unknown, subject: string): Path | undefined {
  const [named] = /^akv-injector\.io\/[^\s,:"]*/.exec(subject) ?? []
  const annotations = valueAt(object, ['metadata', 'annotations'])
  if (named === undefined || !isObject(annotations)) return undefined
  const key = keysAsShown(annotations).get(named)
  return key === undefined ? undefined : ['metadata', 'annotations', key]
}

const shownKeys = new WeakMap<JsonObject, ReadonlyMap<string, string>>()

/** Our keys by the text that messages show. An object has one index, since each of its keys can have a problem. */
function keysAsShown(annotations: JsonObject): ReadonlyMap<string, string> {
  const shown = (key: string) => annotationPrefix + printable(key.slice(annotationPrefix.length))
  const index =
    shownKeys.get(annotations) ?? new Map(ownKeys(annotations).map((key) => [shown(key), key]))
  shownKeys.set(annotations, index)
  return index
}

/** Lists of a pod whose items messages name. */
const lists: Readonly<Record<string, string>> = {
  volume: 'volumes',
  container: 'containers',
  'init container': 'initContainers',
}

function itemPath(object: unknown, subject: string): Path | undefined {
  const [, kind = '', name] =
    /^(volume|container|init container) ([a-z0-9.-]{1,253})(?=$|[,:])/.exec(subject) ?? []
  const list = lists[kind]
  const items = list === undefined ? undefined : valueAt(object, ['spec', list])
  if (list === undefined || !Array.isArray(items)) return undefined
  const index = items.findIndex((item) => isObject(item) && item['name'] === name)
  return index < 0 ? undefined : ['spec', list, index]
}

/** A field of a pod, of a SecretProviderClass or of an ExternalSecret. */
function fieldPath(subject: string): Path | undefined {
  const [, item] = /^secretObjects, item (\d{1,4})\b/.exec(subject) ?? []
  if (item !== undefined) return ['spec', 'secretObjects', Number(item) - 1]
  const [field] =
    /^(?:spec|metadata|parameters|secretObjects)(?:\.[A-Za-z]{1,63}|\[\d{1,4}\]){0,8}/.exec(
      subject,
    ) ?? []
  if (field === undefined) return undefined
  const names = field.split(/[.[]/)
  const path = names.map((name) => (name.endsWith(']') ? Number.parseInt(name, 10) : name))
  return path[0] === 'parameters' || path[0] === 'secretObjects' ? ['spec', ...path] : path
}

const valueAt = (object: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    object,
  )
