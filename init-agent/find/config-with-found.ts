import type { AgentConfig, WantedFile, WantedFind } from '../../delivery/contract.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { objectKey } from '../../delivery/projection/wanted-objects.ts'
import type { FindResult, FoundByFind, FoundSecret } from '../../keyvault/finds/find-result.ts'
import { matchName } from '../../keyvault/finds/match-pattern.ts'
import { isObjectName } from '../../keyvault/reference.ts'

/** Identifies a find. */
export const wantedFindKey = ({
  path,
  vault,
  pattern,
  tags = {},
  includesCertificates,
}: WantedFind): string =>
  JSON.stringify([path, vault, pattern, tags, includesCertificates === true])

/** The file of a found secret. Optional, because the secret may go before it is fetched. */
export const foundFile = (
  { path, vault, includesCertificates }: WantedFind,
  name: string,
): WantedFile => ({
  path: `${path}/${name}`,
  object: { vault, type: 'secret', name },
  optional: true,
  ...(includesCertificates !== true && { excludesCertificates: true }),
})

/** The configuration as if it named what its finds have found. From then on, these are objects like any other. */
export function configWithFound(config: AgentConfig, found: FoundByFind): AgentConfig {
  const { finds = [], files } = config
  const foundFiles = finds.flatMap((find) =>
    (found.get(wantedFindKey(find))?.secrets ?? [])
      .map(({ name }) => foundFile(find, name))
      // A vault lists in no particular order.
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  )
  return { ...config, files: [...files, ...foundFiles] }
}

/**
 * What the finds had found when an earlier process wrote these files. Admission lets nothing else write to their folders. When the
 * secrets were updated isn't known, so the next list lets all of them be fetched.
 */
export function foundBefore({ finds = [] }: AgentConfig, { files }: Content): FoundByFind {
  const names = Map.groupBy(
    [...files.keys()].map((path) => {
      const slash = path.lastIndexOf('/')
      return { folder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) }
    }),
    ({ folder }) => folder,
  )
  return new Map(
    finds.map((find): [string, FindResult] => {
      const isFound = matchName(find.pattern)
      const secrets = (names.get(find.path) ?? [])
        .filter(({ name }) => isObjectName(name) && isFound(name))
        .map(({ name }): FoundSecret => ({ name, isRecent: true, isUnchanged: true }))
      return [wantedFindKey(find), { secrets }]
    }),
  )
}

/**
 * The objects, by `objectKey`, that only finds want, and that haven't changed since their files were written.
 *
 * @param options - `named`: the objects that the configuration names, by `objectKey`; `files`: what is in place
 */
export function unchangedObjects(
  { finds = [] }: AgentConfig,
  options: { readonly found: FoundByFind; readonly named: ReadonlySet<string> } & Pick<
    Content,
    'files'
  >,
): ReadonlySet<string> {
  const { found, named, files } = options
  const unchanged = new Map<string, boolean>()
  for (const find of finds)
    for (const { name, isUnchanged } of found.get(wantedFindKey(find))?.secrets ?? []) {
      const { path, object } = foundFile(find, name)
      const key = objectKey(object)
      const isInPlace = isUnchanged && files.has(path)
      if (!named.has(key)) unchanged.set(key, isInPlace && unchanged.get(key) !== false)
    }
  return new Set([...unchanged].flatMap(([key, isUnchanged]) => (isUnchanged ? [key] : [])))
}
