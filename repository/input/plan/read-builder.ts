import { join } from 'node:path'
import { type JsonObject, objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { applicationSources } from './application-sources.ts'
import { expandApplicationSet } from './expand-application-set.ts'
import { type Application, readApplication } from './read-application.ts'
import { isChart, type RepositoryReader, readHelmRelease } from './read-helm-release.ts'

/** What an object of Flux or Argo CD applies. */
export interface Applied extends Application {
  /** The folder whose definitions count for it. */
  readonly environment: string
}

interface Place {
  readonly reader: RepositoryReader
  /** The folder whose definitions count where the object is. */
  readonly environment: string
  /** The repository's own folder. */
  readonly top: string
}

const groups: Readonly<Record<string, string>> = {
  HelmRelease: 'helm.toolkit.fluxcd.io',
  Application: 'argoproj.io',
  ApplicationSet: 'argoproj.io',
}

/** Lists the charts of this repository that a HelmRelease or an Application is made from. */
export function chartsOf(object: JsonObject, { pathOf, own }: RepositoryReader): readonly string[] {
  const spec = objectAt(object, 'spec')
  const { chart, sourceRef } = objectAt(spec, 'chart', 'spec')
  const paths = [
    ...(own.hasSource(sourceRef) ? [chart] : []),
    ...applicationSources(spec).flatMap(({ path, repoURL }) => (own.isOurs(repoURL) ? path : [])),
  ]
  return paths.map(pathOf).filter(isChart)
}

/**
 * Reads what an object applies. Each Application has an environment of its own, because the same folder may be applied
 * with other values for another cluster.
 *
 * @returns undefined if it applies nothing, or something that the repository doesn't have
 */
export function readBuilder(object: JsonObject, place: Place): readonly Applied[] | undefined {
  const kind = scalarText(object['kind'])
  const group = Object.hasOwn(groups, kind) ? groups[kind] : undefined
  if (group === undefined || !scalarText(object['apiVersion']).startsWith(`${group}/`))
    return undefined
  if (kind === 'HelmRelease') {
    const release = readHelmRelease(object, place.reader)
    const name = scalarText(valueAt(object, 'metadata', 'name'))
    const { environment } = place
    return (
      release && [
        { name, releases: [release], overlays: [], folders: [], namespace: undefined, environment },
      ]
    )
  }
  const applications =
    kind === 'Application'
      ? [object]
      : (expandApplicationSet(object, { ...place, ...place.reader }) ?? [undefined])
  const read = applications.map((one) => one && readApplication(one, place.reader))
  return read.includes(undefined)
    ? undefined
    : read.flatMap((one) =>
        one === undefined ? [] : { ...one, environment: join(place.environment, one.name) },
      )
}
