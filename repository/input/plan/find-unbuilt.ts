import { printable } from '../../../lib/printable.ts'
import {
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  scalarText,
  valueAt,
} from '../../../lib/shape.ts'
import type { Manifest } from '../document/manifest.ts'
import { toPlain } from '../document/to-plain.ts'
import type { SkippedPath } from '../text/find-files.ts'
import { sourceFile } from '../text/rendered-source.ts'
import { findHeld } from '../unread/find-held.ts'
import type { HeldPlace } from '../unread/search-skipped.ts'
import type { UncheckedFinding } from '../unread/sort-out-skipped.ts'
import { applicationSources, folderBeforeTemplate } from './application-sources.ts'
import type { ReleasePlan } from './plan-releases.ts'
import { isAppliedAsIs } from './read-application.ts'
import { fluxPath } from './read-flux.ts'
import { isChart, type RepositoryReader } from './read-helm-release.ts'

/** An object that a controller makes other objects from, with something that the repository doesn't have. */
export interface Unbuilt {
  readonly kind: string
  readonly name: string
  /** The file that it was read from, or the one of the folder that was rendered. */
  readonly path: string
  /** The first thing in its specification that `check` would look at. */
  readonly held?: HeldPlace
  /** Why the folder that it names doesn't count, although this repository has one of that path. */
  readonly elsewhere?: string
  /** The command that prints what it becomes. */
  readonly command: string
}

type Reader = Pick<RepositoryReader, 'pathOf' | 'own'>

interface Builder {
  readonly kind: string
  readonly group: string
  /** Whether everything that it is made of is in the repository, where it is read or rendered. */
  readonly isHere: (spec: JsonObject, reader: Reader) => boolean
  /** Says that only the URL of its source is another repository's. */
  readonly elsewhere: (spec: JsonObject, reader: Reader) => string | undefined
  readonly commandFor: (name: string, namespace: string) => string
}

const isOwnPath = (path: unknown): boolean =>
  path === undefined || /^\.?\/?$/.test(scalarText(path))

/** Whether the folder of each source is in the repository, and applied as it is. */
const hasSources: Builder['isHere'] = (spec, { pathOf, own }) =>
  applicationSources(spec).every((source) => {
    const { path } = source
    if (typeof path !== 'string' || 'chart' in source || !isAppliedAsIs(source)) return false
    if (!own.isOurs(source['repoURL']) || isChart(pathOf(path))) return false
    const folder = folderBeforeTemplate(path)
    return folder === '' || pathOf(folder) !== undefined
  })

/** Says why the URL of a source counts as another repository's, although its folder is here. Undefined if there is no such source. */
const foreignSource = (
  sources: readonly JsonObject[],
  { pathOf, own }: Reader,
): string | undefined =>
  sources
    .filter(({ path }) => typeof path === 'string' && pathOf(folderBeforeTemplate(path)))
    .map(({ repoURL }) => own.explainUrl(repoURL))
    .find((sentence) => sentence !== undefined)

/** The folder of a path, before the first part with a star. */
function beforePattern(path: string): string {
  const star = path.indexOf('*')
  return star < 0 ? path : path.slice(0, Math.max(path.lastIndexOf('/', star), 0))
}

/** The first folder of each Git generator of an ApplicationSet, as a source. */
const generatedFolders = (spec: JsonObject): readonly JsonObject[] =>
  objectsAt(spec, 'generators').flatMap(({ git }) =>
    objectsAt({ git }, 'git', 'directories')
      .slice(0, 1)
      .map(({ path }) => ({
        path: beforePattern(scalarText(path)),
        repoURL: valueAt(git, 'repoURL'),
      })),
  )

/** The commands are those of the tools' own programs. */
const builders: readonly Builder[] = [
  {
    kind: 'Kustomization',
    group: 'kustomize.toolkit.fluxcd.io',
    isHere: ({ path, sourceRef }, { pathOf, own }) =>
      isOwnPath(path)
        ? [undefined, 'flux-system'].some((name) => valueAt(sourceRef, 'name') === name)
        : pathOf(fluxPath(path)) !== undefined && own.hasSource(sourceRef),
    elsewhere: ({ path, sourceRef }, { pathOf, own }) =>
      pathOf(fluxPath(path)) && own.explainSource(sourceRef),
    commandFor: (name, namespace) =>
      `flux build kustomization ${name} -n ${namespace} --path FOLDER`,
  },
  {
    kind: 'HelmRelease',
    group: 'helm.toolkit.fluxcd.io',
    isHere: () => false,
    elsewhere: (spec, { pathOf, own }) => {
      const { chart, sourceRef } = objectAt(spec, 'chart', 'spec')
      return pathOf(scalarText(chart)) && own.explainSource(sourceRef)
    },
    commandFor: (name, namespace) => `flux-local build hr ${name} -n ${namespace} --path .`,
  },
  {
    kind: 'Application',
    group: 'argoproj.io',
    isHere: hasSources,
    elsewhere: (spec, reader) => foreignSource(applicationSources(spec), reader),
    commandFor: (name) => `argocd app manifests ${name}`,
  },
  {
    kind: 'ApplicationSet',
    group: 'argoproj.io',
    isHere: (spec, reader) => hasSources(objectAt(spec, 'template', 'spec'), reader),
    elsewhere: (spec, reader) =>
      foreignSource(
        [...applicationSources(objectAt(spec, 'template', 'spec')), ...generatedFolders(spec)],
        reader,
      ),
    commandFor: () => 'argocd app manifests APPLICATION',
  },
]

const kinds = /\bkind["']?\s*:\s*["']?(?:Kustomization|HelmRelease|Application|ApplicationSet)\b/

/**
 * Finds out whether a document is an object of Flux or Argo CD that is made into others elsewhere.
 *
 * @param releases - what is known of objects and paths
 */
export function findUnbuilt(
  manifest: Manifest,
  releases: Pick<ReleasePlan, 'isBuilt' | 'pathOf' | 'own'>,
): readonly Unbuilt[] {
  const { source, text, span, positionAt } = manifest
  if (source === '-') return []
  const section = text.slice(span.start, span.end)
  if (!kinds.test(section)) return []
  const object = toPlain(manifest)
  if (!isObject(object)) return []
  const builder = builders.find(
    ({ kind, group }) =>
      object['kind'] === kind && scalarText(object['apiVersion']).startsWith(`${group}/`),
  )
  const path = sourceFile(source)
  const pathOf = (inside: unknown) =>
    typeof inside === 'string' ? releases.pathOf(inside, path) : undefined
  const spec = objectAt(object, 'spec')
  const reader = { pathOf, own: releases.own }
  if (builder?.isHere(spec, reader) !== false) return []
  const textOf = (key: string) => {
    const text = scalarText(valueAt(object, 'metadata', key) ?? key.toUpperCase())
    return manifest.placeholders?.restoreValue(text) ?? text
  }
  if (releases.isBuilt({ kind: builder.kind, name: textOf('name'), path })) return []
  const start = span.start + Math.max(section.search(/^spec\b/m), 0)
  const held = findHeld(text.slice(start, span.end))
  const elsewhere = builder.elsewhere(spec, reader)
  const unbuilt = {
    kind: builder.kind,
    name: textOf('name'),
    path,
    ...(elsewhere && { elsewhere }),
    ...(held && { held: { has: `has ${held.what}`, at: positionAt(start + held.offset) } }),
    command: builder.commandFor(shellWord(textOf('name')), shellWord(textOf('namespace'))),
  }
  return [unbuilt]
}

/** Leaves a word to the reader that a shell would not take as it is. */
const shellWord = (text: string): string => (/^\w[\w.-]{0,252}$/.test(text) ? text : 'NAME')

/**
 * Says how to check what was found, in one line for each kind, and makes a warning of each object that has something to
 * check.
 *
 * @param command - our command, to run with what the other one prints
 */
export function describeUnbuilt(
  files: readonly { readonly unbuilt: readonly Unbuilt[] }[],
  command: string,
): {
  readonly skipped: readonly SkippedPath[]
  readonly unchecked: readonly UncheckedFinding[]
} {
  const found = files.flatMap(({ unbuilt }) => unbuilt)
  const why = ({ elsewhere }: Unbuilt) => (elsewhere === undefined ? '' : `: ${elsewhere}`)
  const run = (one: Unbuilt) => `${one.command} | akv-injector ${command} -`
  const isElsewhere = ({ elsewhere }: Unbuilt) => Number(elsewhere !== undefined)
  // Those of other repositories come last: each may have a URL of its own.
  const plain = found
    .filter(({ held }) => held === undefined)
    .toSorted((one, other) => isElsewhere(one) - isElsewhere(other))
  const kinds = [...Map.groupBy(plain, (one) => `${one.kind}${why(one)}`).values()]
  return {
    skipped: kinds.flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : {
            path: first.path,
            reason: `what ${titleOf(first)} ${others.length > 0 ? `and ${others.length} more become` : 'becomes'} isn't read${why(first)}; to read it: ${run(first)}`,
          },
    ),
    unchecked: found.flatMap((one) =>
      one.held === undefined
        ? []
        : {
            severity: 'warning',
            code: 'AKV_CHECK_UNREAD',
            message: `${titleOf(one)} ${one.held.has}, and what it becomes isn't checked${why(one)}; to check it: ${run(one)}`,
            at: one.held.at,
          },
    ),
  }
}

const titleOf = ({ kind, name }: Unbuilt): string => `${kind}/${printable(name, 100)}`
