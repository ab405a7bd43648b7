import type { SecretValue } from '../../../delivery/destination.ts'
import type { Content } from '../../../delivery/projection/project-content.ts'
import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import type { FoundByFind, FoundSecret } from '../../../keyvault/finds/find-result.ts'
import { matchName } from '../../../keyvault/finds/match-pattern.ts'
import { isObjectName } from '../../../keyvault/reference.ts'
import type { SyncConfig, SyncRequest } from '../../../requests/account/account-request.ts'
import { type SecretFind, secretFindKey } from '../../../requests/secret/secret-find.ts'
import type { Source } from '../../../requests/source/source.ts'

/** What was found for a find. Undefined: its vault has never been listed. */
const secretsFound = (
  find: SecretFind,
  findings: FoundByFind,
): readonly FoundSecret[] | undefined => findings.get(secretFindKey(find))?.secrets

/** The request as if it named what its finds have found. From then on, these secrets are values like any other. */
export function expandFinds(request: SyncRequest, findings: FoundByFind): SyncRequest {
  const { config, sources } = request
  if (config.finds === undefined) return request
  return {
    ...request,
    config: expandConfig(config, findings),
    sources: sources.map((source) => expandSource(source, findings)),
  }
}

/** The configuration with what its finds have found. */
export const expandConfig = (config: SyncConfig, findings: FoundByFind): SyncConfig =>
  config.finds === undefined
    ? config
    : { ...config, files: [...config.files, ...valuesOf(config.finds, findings)] }

function expandSource(source: Source, findings: FoundByFind): Source {
  const { finds, values, notes = [] } = source
  if (finds === undefined) return source
  const empty = finds
    .filter((find) => secretsFound(find, findings)?.length === 0)
    .map(({ vault }) => `a find in vault ${vault} finds nothing`)
  return {
    ...source,
    values: [...values, ...valuesOf(finds, findings)],
    ...(notes.length + empty.length > 0 && { notes: [...notes, ...new Set(empty)] }),
  }
}

const valuesOf = (finds: readonly SecretFind[], findings: FoundByFind): readonly SecretValue[] =>
  finds.flatMap((find) =>
    (secretsFound(find, findings) ?? []).map((secret) => foundValue(find, secret)),
  )

/** The value of a found secret. One that is a key is optional, because it may go before it is fetched. */
export const foundValue = (
  { to, vault, criteria }: SecretFind,
  { name }: Pick<FoundSecret, 'name'>,
): SecretValue => {
  const object = { vault, type: 'secret', name } as const
  if (to.kind === 'input') return { to: { ...to, property: name }, object }
  const excludes = 'pattern' in criteria && criteria.includesCertificates !== true
  return {
    ...{ to: { ...to, key: name }, object, optional: true },
    ...(excludes && { excludesCertificates: true }),
  }
}

/**
 * What finds had found, with those that aren't known after a restart: the keys of their Secrets that match.
 *
 * @param content - the values in the Secrets
 */
export function foundInSecrets(
  finds: readonly SecretFind[],
  { findings, content }: { readonly findings: FoundByFind; readonly content: Content },
): FoundByFind {
  const all = new Map(findings)
  for (const find of finds) {
    const { to, criteria } = find
    if (to.kind !== 'key' || all.has(secretFindKey(find)) || !('pattern' in criteria)) continue
    const isFound = matchName(criteria.pattern)
    const secrets = [...content.files.values()].flatMap(({ to: stored }): FoundSecret[] => {
      const name = stored.kind === 'key' && stored.secret === to.secret ? stored.key : undefined
      return name !== undefined && isObjectName(name) && isFound(name)
        ? [{ name, isRecent: true, isUnchanged: true }]
        : []
    })
    if (secrets.length > 0) all.set(secretFindKey(find), { secrets })
  }
  return all
}

/**
 * The objects that finds want: whether each is unchanged since it was fetched, and all of their Secrets have its value.
 *
 * @param options - `hasValue`: whether there is a value for a destination, or none is kept
 * @returns by `objectKey`
 */
export function foundObjects(
  { finds = [] }: Pick<SyncConfig, 'finds'>,
  {
    findings,
    hasValue,
  }: {
    readonly findings: FoundByFind
    readonly hasValue: (to: SecretValue['to']) => boolean
  },
): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>()
  for (const find of finds)
    for (const secret of secretsFound(find, findings) ?? []) {
      const { object, to } = foundValue(find, secret)
      const key = objectKey(object)
      const isKept = secret.isUnchanged && hasValue(to)
      found.set(key, isKept && found.get(key) !== false)
    }
  return found
}

/** Without the secrets that the vault no longer has although they were listed: they went in between. */
export function withoutRemoved(
  findings: FoundByFind,
  { finds = [], onDeleted }: Pick<SyncConfig, 'finds' | 'onDeleted'>,
  isRemoved: (key: string) => boolean,
): FoundByFind {
  const left = new Map(findings)
  for (const find of finds) {
    // The keys of an annotation stay.
    if (find.to.kind === 'key' && onDeleted === 'keep') continue
    const key = secretFindKey(find)
    const finding = findings.get(key)
    const secrets = finding?.secrets?.filter(
      (secret) => !isRemoved(objectKey(foundValue(find, secret).object)),
    )
    if (finding && secrets) left.set(key, { ...finding, secrets })
  }
  return left
}
