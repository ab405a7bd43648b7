import { neededValues } from '../../delivery/needed-values.ts'
import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { describeProblem, joinProblems, type Problem } from '../../lib/problems/problem.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { chooseVaults } from '../administrator/choose-vaults.ts'
import type { Policy } from '../administrator/policy.ts'
import { identityConfig } from '../annotations/agent-config.ts'
import {
  type AzureIdentity,
  azureAnnotations,
  readAzureIdentity,
} from '../annotations/azure-identity.ts'
import {
  annotatedBinding,
  bindingAnnotation,
  bindingObstacle,
} from '../annotations/identity-binding.ts'
import {
  type Annotations,
  annotationPrefix,
  isTurnedOff,
  ownPath,
  readOwnAnnotations,
  sizeProblems,
  syncKey,
  syncStatusKey,
} from '../annotations/keys/own-annotations.ts'
import { minRefreshSeconds } from '../annotations/pod-settings.ts'
import { readValues } from '../annotations/read-values.ts'
import { accountSettings, unknownKeyOnAccount } from '../annotations/vocabulary.ts'
import { metadataProblems } from '../secret/metadata-problems.ts'
import { statusAnnotation } from '../secret/names.ts'
import type { Source } from '../source/source.ts'
import { acceptSources } from './accept-sources.ts'
import type { Account } from './account.ts'
import type { AccountRequest, SyncRequest } from './account-request.ts'
import { maxAccountNameLength } from './record-name.ts'
import { readSecretList } from './secret-list.ts'

type ReadableAccount = Pick<Account, 'namespace' | 'name' | 'annotations'>

const defaultRefreshSeconds = 3600

/** Whether `akv-injector.io/inject` is `"false"`. */
export const isOff = ({ annotations }: Pick<ReadableAccount, 'annotations'>): boolean =>
  isTurnedOff(readOwnAnnotations(annotations).own)

/**
 * Reads what a ServiceAccount requests, by its annotations and by its sources (docs/specification.md, "Secret sync").
 *
 * @param account - from the API server, or from a manifest, where annotations may not be strings
 * @param sources - the sources that are read as this account, the oldest first
 */
export function readAccount(
  account: ReadableAccount,
  policy: Policy,
  sources: readonly Source[] = [],
): AccountRequest {
  const { own, problems: unreadable } = readOwnAnnotations(account.annotations)
  if (Object.keys(own).length + unreadable.length + sources.length === 0) return { kind: 'none' }
  if (isTurnedOff(own)) return { kind: 'off' }
  const excess = sizeProblems(own)
  if (excess.length > 0) return { kind: 'refused', problems: excess, claims: [] }

  const read = readAnnotations(account, own, policy)
  const ofList = read.list.problems
  const all = [...unreadable, ...read.problems, ...ofList, ...read.azure.problems]
  // If only the list is wrong, the sources are synced all the same.
  const isRefused = sources.length === 0 ? all.length > 0 : all.length > ofList.length
  const claims = read.list.secrets.map(({ name }) => name)
  if (isRefused) return { kind: 'refused', problems: all, claims }
  if (own[syncKey] === undefined && sources.length === 0) return { kind: 'none' }
  return joinSources(read, { name: account.name, policy, sources })
}

type ReadAnnotations = ReturnType<typeof readAnnotations>

/** Reads the annotations of an account. Keeps the problems of the list in `akv-injector.io/sync` apart. */
function readAnnotations(account: ReadableAccount, own: Annotations, policy: Policy) {
  const { values, problems } = readValues(own, {
    table: accountSettings,
    isReadElsewhere: (key) => key === syncKey || key === syncStatusKey,
    unknownKey: unknownKeyOnAccount,
  })
  const { vaultProblems, ...choice } = chooseVaults(own, {
    ...account,
    vault: values.vault,
    policy,
  })
  const list = readSecretList(own[syncKey], choice.defaultVault)
  const ofVaults = vaultProblems([
    ...list.values.flatMap(neededValues).map(({ object }) => object.vault),
    ...list.finds.map(({ vault }) => vault),
  ])
  const ofMetadata = metadataProblems(list.secrets, { ...account, policy }).map((problem) => ({
    path: ownPath(syncKey),
    sentence: describeProblem(problem),
  }))
  const binding = annotatedBinding(account.annotations, values['identity-binding'])
  const obstacle = binding?.asks ? switchedOff(policy) : undefined
  return {
    values,
    asksForBinding: binding?.asks,
    azure: readAzure(account.annotations, own),
    hasList: own[syncKey] !== undefined,
    list: { ...list, problems: [...list.problems, ...ofVaults, ...ofMetadata] },
    problems: [
      ...nameProblems(account),
      ...problems,
      ...(binding && obstacle !== undefined ? [{ ...binding.field, sentence: obstacle }] : []),
    ],
  }
}

/** Joins what the annotations request, if their list has no mistake, and what the sources do. */
function joinSources(
  { values, asksForBinding, azure, hasList, list }: ReadAnnotations,
  {
    name,
    policy,
    sources,
  }: {
    readonly name: string
    readonly policy: Policy
    readonly sources: readonly Source[]
  },
): SyncRequest {
  const own = list.problems.length > 0 ? { secrets: [], values: [], finds: [] } : list
  const { accepted, mistakes, identity, usesBinding } = acceptSources(sources, {
    name,
    identity: identityOf(values, azure.identity),
    defaultTenantId: policy.defaultTenantId,
    asksForBinding,
    bindingObstacle: switchedOff(policy),
    hasOwnSecrets: hasList,
    ownNames: new Set(list.secrets.map((secret) => secret.name)),
    ownTargets: own.values.length,
    ownWholeObjects:
      own.values.filter(({ property }) => property === '*').length + own.finds.length,
  })
  const finds = [...own.finds, ...accepted.flatMap((source) => source.finds ?? [])]
  const message = joinProblems(list.problems)
  return {
    kind: 'wanted',
    config: {
      files: [...own.values, ...accepted.flatMap((source) => source.values)],
      ...(finds.length > 0 && { finds }),
      templates: [],
      env: [],
      refreshSeconds: refreshSeconds(values.refresh, { sources: accepted, policy }),
      onDeleted: values['on-deleted'] ?? 'keep',
      identity: identityConfig(values, policy),
    },
    azure: accepted.length > 0 ? identity : azure.identity,
    usesBinding,
    secrets: [...own.secrets, ...accepted.flatMap((source) => source.secrets)],
    sources: accepted,
    mistakes: [
      ...(message === '' ? [] : [{ code: 'AKV_SYNC_ANNOTATION' as const, message }]),
      ...mistakes,
    ],
  }
}

/** The sentence for an account that asks for an identity binding, if the administrator allows none. */
const switchedOff = ({ tokenProxy }: Policy): string | undefined =>
  tokenProxy === undefined ? bindingObstacle(tokenProxy) : undefined

/** Our own annotations take precedence over those of azure-workload-identity. */
const identityOf = (
  values: { readonly 'client-id'?: string; readonly 'tenant-id'?: string },
  azure: AzureIdentity,
): AzureIdentity => {
  const clientId = values['client-id'] ?? azure.clientId
  const tenantId = values['tenant-id'] ?? azure.tenantId
  return { ...(clientId && { clientId }), ...(tenantId && { tenantId }) }
}

/** For the Secrets without a schedule of their own: the annotation's, or for classes what served pods refresh at, if they do. */
function refreshSeconds(
  annotated: number | undefined,
  { sources, policy }: { readonly sources: readonly Source[]; readonly policy: Policy },
): number {
  const { csiRefreshSeconds } = policy
  const ofClass = csiRefreshSeconds > 0 ? Math.max(csiRefreshSeconds, minRefreshSeconds) : undefined
  const hasClasses = sources.some(({ schedule }) => schedule === undefined)
  const asked = [annotated, hasClasses ? ofClass : undefined].filter(
    (seconds) => seconds !== undefined,
  )
  return asked.length === 0 ? defaultRefreshSeconds : Math.min(...asked)
}

/** The client that an account's annotations name. Undefined if they name none, or not a valid one. */
export function clientOf({
  annotations,
}: Pick<ReadableAccount, 'annotations'>): string | undefined {
  const own = annotations[`${annotationPrefix}client-id`]
  if (own === undefined) return readAzureIdentity(annotations, ['clientId']).identity.clientId
  const parsed = parseUuid(typeof own === 'string' ? own : '')
  return parsed.kind === 'valid' ? parsed.value : undefined
}

/** Checks the names, because a manifest may contain names that no API server would accept. */
function nameProblems({ namespace, name }: ReadableAccount): readonly Problem[] {
  const wrong = (member: string, found: string, sentence: string): readonly Problem[] => [
    { path: ['metadata', member], found: printable(found), sentence },
  ]
  return [
    ...(isName(namespace, labelName)
      ? []
      : wrong('namespace', namespace, `expected ${labelName.sentence}`)),
    ...(isName(name, subdomainName)
      ? []
      : wrong('name', name, `expected ${subdomainName.sentence}`)),
    ...(isName(name, subdomainName) && name.length > maxAccountNameLength
      ? wrong(
          'name',
          name,
          `the account's record needs a name that begins with it: ${maxAccountNameLength} characters at most`,
        )
      : []),
  ]
}

/**
 * Whether an account requests Secrets. Doesn't read the annotation, so an account that isn't enabled can't cost us time.
 */
export const asksForSecrets = (account: Pick<ReadableAccount, 'annotations'>): boolean =>
  account.annotations[annotationPrefix + syncKey] !== undefined && !isOff(account)

/** Whether {@link readAccount} reads the annotation. It doesn't read the status, which the controller writes itself. */
export const isReadAnnotation = (key: string): boolean =>
  key !== statusAnnotation && (key.startsWith(annotationPrefix) || azureKeys.includes(key))

const azureKeys: readonly string[] = [...Object.values(azureAnnotations), bindingAnnotation]

/** The annotations of an account that are read, with the status. `*` stands for any end of a name. */
export const accountAnnotationPatterns: readonly string[] = [`${annotationPrefix}*`, ...azureKeys]

/** Our own annotations take precedence over those of azure-workload-identity. */
function readAzure(annotations: ReadableAccount['annotations'], own: Annotations) {
  const members = [
    ...(own['client-id'] === undefined ? (['clientId'] as const) : []),
    ...(own['tenant-id'] === undefined ? (['tenantId'] as const) : []),
  ]
  return readAzureIdentity(annotations, members)
}
