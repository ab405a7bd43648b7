import { isObject, type JsonObject } from '../../../lib/shape.ts'
import type { Path } from '../document/search-templates.ts'

/** A path or a URL in a kustomization. */
interface Reference {
  readonly target: string
  readonly path: Path
  /** Whether it may be a folder. Kustomize also accepts Git repositories for folders. */
  readonly isTree: boolean
}

const trees = ['resources', 'bases', 'components', 'generators', 'transformers', 'validators']
const files = ['configurations', 'crds', 'patchesStrategicMerge']
/** Fields with a list of mappings, each of which may name a file in `path`. */
const pathOwners = ['patches', 'patchesJson6902', 'replacements']
const generators = ['configMapGenerator', 'secretGenerator']

/** Finds everything that kustomize would load, clone or download. */
export function referencesIn(object: JsonObject): readonly Reference[] {
  const at = (path: Path, target: unknown, isTree = false): readonly Reference[] =>
    // A text with several lines is an inline object rather than a path.
    typeof target === 'string' && !target.includes('\n') ? [{ target, path, isTree }] : []
  const list = (owner: unknown, key: string) => {
    const value = member(owner, key)
    return Array.isArray(value) ? [...value.entries()] : []
  }
  const ofList = (key: string, isTree: boolean) =>
    list(object, key).flatMap(([i, value]) => at([key, i], value, isTree))
  return [
    ...trees.flatMap((key) => ofList(key, true)),
    ...files.flatMap((key) => ofList(key, false)),
    ...pathOwners.flatMap((key) =>
      list(object, key).flatMap(([i, owner]) => at([key, i, 'path'], member(owner, 'path'))),
    ),
    ...generators.flatMap((key) =>
      list(object, key).flatMap(([i, owner]) => [
        ...at([key, i, 'env'], member(owner, 'env')),
        ...list(owner, 'envs').flatMap(([j, value]) => at([key, i, 'envs', j], value)),
        ...list(owner, 'files').flatMap(([j, value]) =>
          at([key, i, 'files', j], typeof value === 'string' ? withoutKey(value) : value),
        ),
      ]),
    ),
    ...at(['openapi', 'path'], member(object['openapi'], 'path')),
  ]
}

const member = (owner: unknown, key: string): unknown => (isObject(owner) ? owner[key] : undefined)

/** Returns the file of `KEY=FILE`. */
const withoutKey = (value: string): string => value.slice(value.indexOf('=') + 1)

/** Fields that name no file. */
const harmless = [
  'apiVersion',
  'kind',
  'metadata',
  'namePrefix',
  'nameSuffix',
  'namespace',
  'commonLabels',
  'labels',
  'commonAnnotations',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'sortOptions',
  'generatorOptions',
  'buildMetadata',
]
/** Plugins, built-in ones too, whose own files may name others. */
const plugins = ['generators', 'transformers', 'validators']
const loading = [...trees, ...files, ...pathOwners, ...generators, 'openapi']

const ownerKeys = [
  ...['name', 'namespace', 'behavior', 'literals', 'files', 'envs', 'env', 'options', 'type'],
  ...['path', 'patch', 'target', 'source', 'targets', 'version'],
]

/**
 * Whether {@link referencesIn} finds everything that kustomize would load. If not, kustomize has to keep to the folder, also if
 * the user lets it load files from elsewhere. Kustomize ignores case in keys, and reads YAML 1.1, whose merge keys and tags our parser doesn't follow.
 */
export function isWhollyKnown(object: JsonObject, text: string): boolean {
  const fields = [...harmless, ...loading.filter((key) => !plugins.includes(key))]
  const owners = [...pathOwners, ...generators, 'openapi'].flatMap((key) => object[key] ?? [])
  return (
    !/<<|(?:^|[\s,[{:?-])[!%]/m.test(text) &&
    Object.keys(object).every((key) => fields.includes(key)) &&
    owners.every((owner) => Object.keys(Object(owner)).every((key) => ownerKeys.includes(key)))
  )
}

/** Finds the keys that kustomize reads as fields with references, although they are written differently. */
export const misspeltIn = (object: JsonObject): readonly string[] =>
  Object.keys(object).filter(
    (key) => key === '<<' || (!loading.includes(key) && foldedLoading.has(folded(key))),
  )

/** Go compares keys like this. */
const folded = (key: string): string => key.toUpperCase().toLowerCase()

const foldedLoading = new Set(loading.map(folded))
