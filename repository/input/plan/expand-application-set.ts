import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isObject, type JsonObject, objectAt, objectsAt, scalarText } from '../../../lib/shape.ts'
import { all, lookUpCost, type RepositoryReader } from './read-helm-release.ts'

/** The values of one Application, by their names in a template. */
type Parameters = ReadonlyMap<string, string>

interface Repository extends Pick<RepositoryReader, 'own' | 'spend'> {
  /** The repository's own folder. */
  readonly top: string
}

type FolderReader = Pick<Repository, 'top' | 'spend'>

const maxApplications = 1000

/**
 * Makes the Applications of an ApplicationSet with lists and folders, whose template has only plain placeholders
 * (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/).
 *
 * @param repository - `top`: its own folder
 * @returns undefined if only Argo CD can make them
 */
export function expandApplicationSet(
  { spec }: JsonObject,
  repository: Repository,
): readonly JsonObject[] | undefined {
  const set = objectAt({ spec }, 'spec')
  const prefix = set['goTemplate'] === true ? '.' : ''
  const sets = all(
    objectsAt(set, 'generators').map((one) => parametersOf(one, { ...repository, prefix })),
  )?.flat()
  if (
    sets === undefined ||
    sets.length === 0 ||
    sets.length > maxApplications ||
    'templatePatch' in set
  )
    return undefined
  const template = objectAt(set, 'template')
  if (JSON.stringify(template).length > maxTemplateLength) return undefined
  const made: JsonObject[] = []
  let left = maxLength
  for (const parameters of sets) {
    const application = fill(template, parameters)
    const text = JSON.stringify(application)
    left -= text.length
    if (left < 0 || !repository.spend(text.length) || text.includes('{{') || !isObject(application))
      return undefined
    made.push(application)
  }
  return made
}

const maxTemplateLength = 65_536
const maxParameterLength = 1000
/** Each may be looked for in a thousand folders. */
const maxDirectories = 100
/** All Applications of a set together. */
const maxLength = 4 * 1024 * 1024

function parametersOf(
  { list, git, ...others }: JsonObject,
  { own, prefix, ...repository }: Repository & { readonly prefix: string },
): readonly Parameters[] | undefined {
  if (Object.keys(others).length > 0) return undefined
  const plainKeys = (generator: unknown, keys: readonly string[]) =>
    Object.keys(Object(generator)).every((key) => keys.includes(key))
  if (isObject(list) && git === undefined && plainKeys(list, ['elements']))
    return objectsAt(list, 'elements').map((one) => new Map(flatten(one, prefix)))
  const keys = ['directories', 'repoURL', 'revision', 'requeueAfterSeconds']
  if (!isObject(git) || list !== undefined || !plainKeys(git, keys)) return undefined
  if (!own.isOurs(git['repoURL'])) return undefined
  const folders = foldersOf(objectsAt(git, 'directories'), repository)
  return folders?.map((path) => new Map(folderParameters(path, prefix)))
}

/** In Go's templates, `path` is an object. */
function folderParameters(path: string, prefix: string): readonly (readonly [string, string])[] {
  const name = basename(path)
  const normal = name.replaceAll(/[^a-zA-Z0-9.-]/g, '-').toLowerCase()
  return [
    [prefix === '.' ? '.path.path' : 'path', path],
    [`${prefix}path.basename`, name],
    [`${prefix}path.basenameNormalized`, normal],
    ...(prefix === '.'
      ? []
      : path.split('/').map((segment, i): readonly [string, string] => [`path[${i}]`, segment])),
  ]
}

const flatten = (object: JsonObject, prefix: string): readonly (readonly [string, string])[] =>
  Object.entries(object).flatMap(([key, value]) =>
    isObject(value)
      ? flatten(value, `${prefix}${key}.`)
      : [[`${prefix}${key}`, scalarText(value).slice(0, maxParameterLength)]],
  )

/** Replaces the placeholders that are known. */
function fill(data: unknown, parameters: Parameters): unknown {
  if (typeof data === 'string')
    return data.replaceAll(
      /\{\{-?\s*([\w.[\]-]{1,200}?)\s*-?\}\}/g,
      (found, name) => parameters.get(name) ?? found,
    )
  if (Array.isArray(data)) return data.map((item) => fill(item, parameters))
  if (!isObject(data)) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, fill(value, parameters)]),
  )
}

/** Finds the folders that a generator means, as paths from the top of the repository. */
function foldersOf(
  directories: readonly JsonObject[],
  repository: FolderReader,
): readonly string[] | undefined {
  if (directories.length > maxDirectories) return undefined
  const found = (isExcluded: boolean) =>
    all(
      directories
        .filter(({ exclude }) => (exclude === true) === isExcluded)
        .map(({ path }) => foldersLike(scalarText(path), repository)),
    )?.flat()
  const [wanted, unwanted] = [found(false), found(true)]
  if (wanted === undefined || unwanted === undefined) return undefined
  const left = new Set(unwanted)
  return [...new Set(wanted)].filter((path) => !left.has(path)).toSorted()
}

/** Undefined for patterns other than names with `*`, and if there are too many folders. */
function foldersLike(pattern: string, { top, spend }: FolderReader): readonly string[] | undefined {
  const segments = pattern.split('/').filter((segment) => segment !== '' && segment !== '.')
  // Many stars in one name would make matching slow.
  const isPlain = (segment: string) => /^[\w. -]*(?:\*[\w. -]*){0,2}$/.test(segment)
  if (segments.length > 16 || !segments.every(isPlain) || pattern.includes('**')) return undefined
  let folders: readonly string[] = ['']
  for (const segment of segments) {
    if (segment === '..') return undefined
    const like = new RegExp(`^${segment.split('*').map(escaped).join('[^/]*')}$`)
    if (!spend(folders.length * lookUpCost)) return undefined
    folders = folders.flatMap((folder) =>
      subfoldersOf(join(top, folder))
        .filter((name) => like.test(name))
        .map((name) => join(folder, name)),
    )
    if (folders.length > maxApplications) return undefined
  }
  return folders
}

const escaped = (text: string): string => text.replaceAll('.', '\\.')

/** Argo CD passes over hidden folders. */
function subfoldersOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
  } catch {
    return []
  }
}
