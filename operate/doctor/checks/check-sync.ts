import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { readSyncStatus } from '../../../requests/account/sync-status.ts'
import {
  annotationPrefix,
  syncStatusKey,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { readSeenExternalSecret } from '../../../requests/external-secret/seen-external-secret.ts'
import { type CheckResult, failed, passed, unchecked } from '../model/check-result.ts'
import type { AccountRights, ClusterFacts } from '../model/cluster-facts.ts'
import { describeComponent, type Install, podsOf } from '../model/find-install.ts'
import { asksForSync } from '../model/is-annotated.ts'
import { fullNameOf, textAt } from '../model/objects.ts'
import { remedyOf } from '../model/remedy.ts'
import { syncSettings } from '../model/sync-settings.ts'
import { whyNotReady } from '../model/why-not-ready.ts'
import { checkRollouts } from './check-rollouts.ts'

type SyncFacts = Pick<ClusterFacts, 'accounts' | 'externalSecrets' | 'syncRights' | 'pods'>

/** Checks the controller of Secret sync, its rights in the namespaces, and the Secrets that fail. */
export function checkSync(facts: SyncFacts, install: Install): readonly CheckResult[] {
  if (!install.isKnown) return []
  const asking = (facts.accounts ?? []).filter(asksForSync)
  if (install.components.sync === undefined) return [whenOff(asking)]
  return [
    ...checkController(facts, install),
    ...(facts.syncRights === undefined ? [] : checkRights(facts.syncRights)),
    ...checkStatuses(facts.accounts ?? []),
    ...checkRollouts(facts.accounts ?? [], install),
    ...(syncSettings(install)?.kinds.includes('ExternalSecret')
      ? checkExternalSecrets(facts.externalSecrets ?? [])
      : []),
  ]
}

const whenOff = (asking: readonly JsonObject[]): CheckResult =>
  asking.length === 0
    ? passed('Secret sync is off')
    : failed(
        `Secret sync is off, but these ServiceAccounts request Secrets: ${listNames(asking.map(fullNameOf))}`,
        'set sync.enabled of the chart, or remove akv-injector.io/sync (docs/sync.md)',
      )

function checkController(
  { pods }: SyncFacts,
  { components: { sync } }: Install,
): readonly CheckResult[] {
  if (sync === undefined) return []
  const name = describeComponent(sync)
  if (sync.readyReplicas > 0) return [passed(`${name} is ready`)]
  const reasons = whyNotReady(podsOf(sync, pods ?? []))
  return [
    failed(
      [`${name} isn’t ready, so no Secret is refreshed`, ...reasons].join('; '),
      `kubectl describe pods --namespace ${sync.namespace}, and the log of the controller`,
    ),
  ]
}

function checkRights(rights: readonly AccountRights[]): readonly CheckResult[] {
  const lacking = rights.filter((one) => one.lacking.length > 0)
  const { true: unsure = [], false: sure = [] } = Object.groupBy(lacking, ({ isUnsure }) =>
    String(isUnsure),
  )
  const more = sure.length - maxShown
  return [
    ...(lacking.length === 0
      ? [passed(`the controller has its rights for ${countOf(rights.length, 'ServiceAccount')}`)]
      : []),
    ...sure.slice(0, maxShown).map((one) => failed(describeLacking(one), enable)),
    ...(more > 0
      ? [failed(`${countOf(more, 'more ServiceAccount')} for which the controller lacks rights`)]
      : []),
    ...(unsure.length > 0
      ? [
          unchecked(
            `whether the controller has its rights for ${listNames(unsure.map(titleOfAccount))}: no Role there gives them, but a ClusterRole might`,
          ),
        ]
      : []),
  ]
}

const enable =
  'akv-injector rbac FILE | kubectl apply --filename -, with the manifests of the namespace (docs/sync.md, "Enabling accounts")'

const titleOfAccount = ({ namespace, account }: AccountRights): string => `${namespace}/${account}`

const describeLacking = (rights: AccountRights): string =>
  `ServiceAccount ${titleOfAccount(rights)} ${rights.isAsking ? 'requests Secrets' : 'is enabled for Secret sync'}, but the controller may not ${rights.lacking.join(', ')} there`

const maxShown = 20

/**
 * Reads the status annotations, which have a line for each Secret. Others can write them, too, so they are parsed and
 * bounded.
 */
function checkStatuses(accounts: readonly JsonObject[]): readonly CheckResult[] {
  const lines = accounts.flatMap((account) => {
    const status = textAt(account, 'metadata', 'annotations', annotationPrefix + syncStatusKey)
    return status === ''
      ? []
      : readSyncStatus(status).secrets.map((secret) => ({ account: fullNameOf(account), secret }))
  })
  const failing = lines.flatMap(({ account, secret }) =>
    secret.state === 'failing' && secret.code !== 'waiting'
      ? [{ title: `${account} ${secret.name}`.trim(), code: secret.code }]
      : [],
  )
  if (failing.length === 0)
    return lines.length === 0
      ? []
      : [passed(`${countOf(lines.length, 'Secret')} of ServiceAccounts without a failure`)]
  return [...Map.groupBy(failing, ({ code }) => code)]
    .slice(0, maxShown)
    .map(([code, some]) =>
      failed(
        `${code}: ${countOf(some.length, 'Secret')}: ${listNames(some.map(({ title }) => title))}`,
        remedyOf(code),
      ),
    )
}

/** Checks the ExternalSecrets whose status Secret sync has written. Another controller answers for its own. */
function checkExternalSecrets(all: readonly JsonObject[]): readonly CheckResult[] {
  const ours = all.flatMap(readSeenExternalSecret).filter(({ status }) => status.isOurs)
  const failing = ours.filter(({ status }) => status.ready?.status === 'False')
  if (failing.length === 0)
    return ours.length === 0 ? [] : [passed(`${countOf(ours.length, 'ExternalSecret')} ready`)]
  return failing
    .slice(0, maxShown)
    .map(({ namespace, name, status }) =>
      failed(
        `ExternalSecret ${namespace}/${name} isn’t ready: ${status.ready?.message}`,
        `kubectl describe externalsecret ${name} --namespace ${namespace}`,
      ),
    )
}
