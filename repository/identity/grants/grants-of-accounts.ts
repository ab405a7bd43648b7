import { type Found, grantOf } from '../../../command/grants/grant.ts'
import type { Serving } from '../../../command/review/read-serving.ts'
import { describeProblems, type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { assignSources } from '../../../requests/source/assign-sources.ts'
import type { Source } from '../../../requests/source/source.ts'
import { readSources, type SourceFacts } from '../../check/find/read-sources.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import {
  type AccountInFiles,
  listAccounts,
  withNamedAccounts,
} from '../../input/accounts/list-accounts.ts'
import type { FolderView, ViewOf } from '../../input/environments/folder-views.ts'
import { findObject } from '../../input/objects/find-object.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { isExternalSecret } from '../../input/sources/external-secrets-kind.ts'
import { isClass } from '../../input/sources/referred-to.ts'
import { mistakeLines } from './mistake-lines.ts'

/**
 * Finds what Secret sync reads as the ServiceAccounts of an environment: for their annotations, for ExternalSecrets,
 * and for classes with `secretObjects`. Accounts that only a store or a class names count, too.
 *
 * @param objects - the environment's objects
 */
export function grantsOfAccounts(
  objects: FolderView['objects'],
  { viewOf, serving }: { readonly viewOf: ViewOf; readonly serving: Serving },
): readonly Found[] {
  const factsOf = readSources(objects, { viewOf, policy: serving.policy })
  const accounts = listAccounts(objects)
  const found = objects.filter(
    (object) => isExternalSecret(object) || (serving.servesVolumes && isClass(object)),
  )
  const byNamespace = Map.groupBy(found, ({ namespace }) => namespace)
  const grants = [...new Set([...accounts.keys(), ...byNamespace.keys()])].flatMap((namespace) => {
    const ofNamespace = byNamespace.get(namespace) ?? []
    const sources = ofNamespace.flatMap((object) => factsOf(object).source ?? [])
    const listed = withNamedAccounts(accounts.get(namespace) ?? [], sources)
    return grantsIn(listed, { namespace, sources, policy: serving.policy, environment: objects })
  })
  const unread = found.map((object): Found => {
    const lines = unreadLines(object, factsOf(object))
    return isClass(object) ? { notes: lines } : { mistakes: lines }
  })
  return [...grants, ...unread]
}

function grantsIn(
  listed: readonly AccountInFiles[],
  {
    namespace,
    sources,
    policy,
    environment,
  }: {
    readonly namespace: string
    readonly sources: readonly Source[]
    readonly policy: Policy
    readonly environment: FolderView['objects']
  },
): readonly Found[] {
  const { byAccount } = assignSources(sources, { namespace, listed, missing: new Set() })
  return listed.map(({ name, annotations }): Found => {
    const account = { namespace, name, annotations }
    const request = readAccount(account, policy, byAccount.get(name) ?? [])
    if (request.kind === 'refused')
      return { mistakes: refusalLines(account, request.problems, environment) }
    if (request.kind !== 'wanted' || request.secrets.length === 0) return {}
    const { config, azure, usesBinding } = request
    const clientId = config.identity.clientId ?? azure.clientId
    return { grant: grantOf({ namespace, account: name, clientId, usesBinding, config }) }
  })
}

/** A store may name an account that no file has. */
function refusalLines(
  { namespace, name }: Pick<NamedObject, 'namespace' | 'name'>,
  problems: readonly Problem[],
  environment: FolderView['objects'],
): readonly string[] {
  const found = findObject(environment, { kind: 'ServiceAccount', namespace, name })
  const sentence = 'would not be synced'
  return found === undefined
    ? [`ServiceAccount/${name}: ${sentence}`, ...describeProblems(problems)]
    : mistakeLines(found, sentence, problems)
}

/** Lines that explain why it isn't known what an ExternalSecret or a class reads, or which account reads it. */
function unreadLines(
  object: NamedObject,
  { source, mistakes, listed }: SourceFacts,
): readonly string[] {
  const { namespace } = object
  if (source?.isLeftAlone) return []
  if (mistakes.length > 0) return mistakeLines(object, 'would not be synced', mistakes)
  const what = isClass(object) ? 'the class' : 'the ExternalSecret'
  const chosen = source && chooseAccountInFiles(source.hints, { namespace, listed, what })
  return chosen?.kind === 'none'
    ? mistakeLines(object, 'no ServiceAccount reads it', [
        plainProblem(chosen.sentence, chosen.path),
      ])
    : []
}
