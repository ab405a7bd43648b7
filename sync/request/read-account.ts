import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'
import { agentConfig } from '../../webhook/core/annotations/agent-config.ts'
import {
  azureAnnotations,
  readAzureIdentity,
} from '../../webhook/core/annotations/azure-identity.ts'
import { chooseVaults } from '../../webhook/core/annotations/choose-vaults.ts'
import {
  type Annotations,
  annotationPrefix,
  isTurnedOff,
  readOwnAnnotations,
  sizeProblems,
} from '../../webhook/core/annotations/own-annotations.ts'
import { readValues } from '../../webhook/core/annotations/read-values.ts'
import {
  accountSettings,
  syncKey,
  syncStatusKey,
  unknownKeyOnAccount,
} from '../../webhook/core/annotations/vocabulary.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { statusAnnotation } from '../names.ts'
import { maxAccountNameLength } from '../record-name.ts'
import type { Account } from './account.ts'
import type { AccountRequest } from './account-request.ts'
import { readSecretList } from './secret-list.ts'

type ReadableAccount = Pick<Account, 'namespace' | 'name' | 'annotations'>

const defaultRefreshSeconds = 3600
/** The configuration requires a mode, but keys of a Secret have none. */
const anyMode = '0444'

/** Whether `akv-injector.io/inject` is `"false"`. */
export const isOff = ({ annotations }: Pick<ReadableAccount, 'annotations'>): boolean =>
  isTurnedOff(readOwnAnnotations(annotations).own)

/**
 * Reads the annotations of a ServiceAccount (docs/specification.md, "Secret sync").
 *
 * @param account - from the API server, or from a manifest, where annotations may not be strings
 */
export function readAccount(account: ReadableAccount, policy: Policy): AccountRequest {
  const { own, problems: unreadable } = readOwnAnnotations(account.annotations)
  if (Object.keys(own).length + unreadable.length === 0) return { kind: 'none' }
  if (isTurnedOff(own)) return { kind: 'off' }
  const excess = sizeProblems(own)
  if (excess.length > 0) return { kind: 'refused', problems: excess }

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
  const azure = readAzure(account.annotations, own)
  const all = [
    ...nameProblems(account),
    ...unreadable,
    ...problems,
    ...list.problems,
    ...vaultProblems(list.files.map(({ object }) => object.vault)),
    ...azure.problems,
  ]
  if (all.length > 0) return { kind: 'refused', problems: all }
  if (own[syncKey] === undefined) return { kind: 'none' }

  const { refresh = defaultRefreshSeconds } = values
  const wanted = { ...values, refresh, files: list.files, templates: [], env: [] }
  const config = agentConfig(wanted, policy, { containers: [], fileMode: anyMode })
  return { kind: 'wanted', config, azure: azure.identity, secrets: list.secrets }
}

/** Checks the names, because a manifest may contain names that no API server would accept. */
function nameProblems({ namespace, name }: ReadableAccount): readonly Problem[] {
  const problems: Problem[] = []
  const wrong = (subject: string, found: string, sentence: string) =>
    problems.push({ subject, found: printable(found), sentence })
  if (!isName(namespace, labelName))
    wrong('metadata.namespace', namespace, `expected ${labelName.sentence}`)
  if (!isName(name, subdomainName))
    wrong('metadata.name', name, `expected ${subdomainName.sentence}`)
  else if (name.length > maxAccountNameLength)
    wrong(
      'metadata.name',
      name,
      `the account's record needs a name that begins with it: ${maxAccountNameLength} characters at most`,
    )
  return problems
}

/**
 * Whether an account requests Secrets. Doesn't read the annotation, so an account that isn't enabled can't cost us time.
 */
export const asksForSecrets = (account: Pick<Account, 'annotations'>): boolean =>
  account.annotations[annotationPrefix + syncKey] !== undefined && !isOff(account)

/** Whether {@link readAccount} reads the annotation. It doesn't read the status, which the controller writes itself. */
export const isReadAnnotation = (key: string): boolean =>
  key !== statusAnnotation && (key.startsWith(annotationPrefix) || azureKeys.includes(key))

const azureKeys: readonly string[] = Object.values(azureAnnotations)

/** Our own annotations take precedence over those of azure-workload-identity. */
function readAzure(annotations: ReadableAccount['annotations'], own: Annotations) {
  const members = [
    ...(own['client-id'] === undefined ? (['clientId'] as const) : []),
    ...(own['tenant-id'] === undefined ? (['tenantId'] as const) : []),
  ]
  return readAzureIdentity(annotations, members)
}
