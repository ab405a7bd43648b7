import type { AgentConfig, Wanted, WantedFile } from '../contract.ts'
import { fileKey } from '../target-path.ts'
import type { FoundVersions } from './fetch-objects.ts'
import { neededObjectKeys, objectKey, segmentValues } from './wanted-objects.ts'

/** The versions that each target's value is made of, in the order of {@link targetObjects}. Undefined: not known. */
export type TargetSources = readonly (Sources | undefined)[]

/** By `objectKey`; of a history, newest first. Empty: the target has no value. */
export type Sources = ReadonlyMap<string, readonly SourceVersion[]>

/** A version without its value. `version` is absent if the vault's answer didn't name it. */
export type SourceVersion = Pick<FoundVersions[0], 'version' | 'expiresAtMs'>

export const noSources: Sources = new Map()

/** The sources of a value that is made of these versions. They don't keep the values in memory. */
export const sourcesOf = (
  { object, versions }: Pick<Wanted, 'object' | 'versions'>,
  found: FoundVersions,
): Sources =>
  new Map([
    [
      objectKey(object, { versions }),
      found.slice(0, versions ?? 1).map(({ version, expiresAtMs }) => ({
        ...(version !== undefined && { version }),
        ...(expiresAtMs !== undefined && { expiresAtMs }),
      })),
    ],
  ])

/** The sources of targets that may have the value of before or the new one. */
export const eitherSources = (before: TargetSources | undefined, after: TargetSources) =>
  after.map((sources, i): Sources | undefined => {
    const old = before?.[i]
    const keys = new Set([...(old?.keys() ?? []), ...(sources?.keys() ?? [])])
    const either = (key: string) => [...(sources?.get(key) ?? []), ...(old?.get(key) ?? [])]
    return sources && old && new Map([...keys].map((key) => [key, either(key)]))
  })

/**
 * The sources of the targets of a configuration, after its files have changed from those of another one. A new file has no value yet.
 *
 * @param configs - the one that the sources are of, and the one that they shall be of. Only their files differ
 */
export function alignSources(
  sources: TargetSources | undefined,
  [before, after]: readonly [before: Configured, after: Configured],
): TargetSources | undefined {
  if (sources === undefined) return undefined
  const keyOf = ({ path, volume }: WantedFile) => fileKey(path, volume)
  const { files } = before.config
  const ofFiles = new Map(files.map((file, i) => [keyOf(file), sources[i]]))
  const sourcesOfFile = (file: WantedFile) =>
    ofFiles.has(keyOf(file)) ? ofFiles.get(keyOf(file)) : noSources
  return [...after.config.files.map(sourcesOfFile), ...sources.slice(files.length)]
}

interface Configured {
  readonly config: { readonly files: readonly WantedFile[] }
}

/** The objects that each target is made of, by `objectKey`: of the files, the templates, and then the variables. */
export function targetObjects(config: {
  readonly files: readonly Wanted[]
  readonly templates: AgentConfig['templates']
  readonly env: AgentConfig['env']
}): readonly (readonly string[])[] {
  return [
    ...config.files.map(neededObjectKeys),
    ...config.templates.map(({ segments }) =>
      segmentValues(segments).map(({ object }) => objectKey(object)),
    ),
    ...config.env.map(({ object }) => [objectKey(object)]),
  ]
}
