import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { checkDrift } from '../drift/check-drift.ts'
import type { ExaminedDrift } from '../drift/examine-drift.ts'
import { type CheckResult, failed, passed, unchecked, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import {
  configurationNames,
  describeComponent,
  type Install,
  type InstallComponent,
  podsOf,
} from '../model/find-install.ts'
import { installedName } from '../model/installed.ts'
import { fullNameOf, nameOf, textAt } from '../model/objects.ts'
import { whyNotReady } from '../model/why-not-ready.ts'
import { checkFailedCalls } from './check-failed-calls.ts'
import { hasAgent, readDryRun } from './read-dry-run.ts'
import { repairCertificate } from './repair-certificate.ts'

type WebhookFacts = Pick<
  ClusterFacts,
  'mutatingConfigurations' | 'pods' | 'dryRun' | 'services' | 'installed' | 'deployments'
>

const applyAgain =
  'apply the install again, then replace the pods that started meanwhile (docs/install.md, "Starting workloads without the webhook")'

/** Checks the webhook's replicas, its configuration, its order among other webhooks, and whether it answers. */
export function checkWebhook(
  facts: WebhookFacts,
  install: Install,
  drift: ExaminedDrift,
): readonly CheckResult[] {
  const { webhook } = install.components
  const { isSelectionChanged } = drift
  const missing = missingServices(facts, install)
  return [
    ...(install.isKnown ? checkReplicas(webhook, facts, install) : []),
    ...checkInstalled(facts, install, drift),
    ...missing
      .filter((name) => !isDeleted(drift, name))
      .map((name) =>
        failed(`there is no Service ${name}, which the webhook configuration names`, applyAgain),
      ),
    ...(install.configurations === undefined
      ? []
      : checkConfigurations(install, facts.mutatingConfigurations ?? [], drift)),
    ...checkFailedCalls(facts),
    ...readDryRun(facts.dryRun, {
      isSelectionChanged,
      isServiceMissing: missing.length > 0,
      repair: repairCertificate(install),
    }),
  ]
}

/** The Services that the entries name and that aren't there. The API server may still call them over open connections. */
function missingServices({ services }: WebhookFacts, { entries }: Install): readonly string[] {
  if (services === undefined) return []
  const found = new Set(services.map(fullNameOf))
  const named = entries
    .map((entry) => objectAt(entry, 'clientConfig', 'service'))
    .map((service) => `${textAt(service, 'namespace')}/${textAt(service, 'name')}`)
  return [...new Set(named)].filter((name) => name !== '/' && !found.has(name))
}

const isDeleted = ({ differences }: ExaminedDrift, name: string): boolean =>
  differences.some(({ kind, object }) => kind === 'deleted' && fullNameOf(object.object) === name)

/** Checks whether somebody has changed what was installed. */
function checkInstalled(
  { installed, services, dryRun }: WebhookFacts,
  { namespace, configurations }: Install,
  drift: ExaminedDrift,
): readonly CheckResult[] {
  if (installed === undefined || namespace === undefined) return []
  if (installed.length === 0)
    return [
      unchecked(
        `whether somebody changed what was installed: namespace ${namespace} has no ConfigMap ${installedName}`,
        'install the current release again: earlier ones had none',
      ),
    ]
  const isDryRunBare = dryRun.kind === 'created' && !hasAgent(dryRun.pod)
  // Another check reports that there is no webhook configuration at all.
  const kinds = configurations?.length === 0 ? [] : (['MutatingWebhookConfiguration'] as const)
  const found = checkDrift(drift, [...kinds, 'Service'], { namespace, isDryRunBare })
  const isWhole =
    configurations !== undefined && configurations.length > 0 && services !== undefined
  return found.length === 0 && isWhole
    ? [passed('the webhook configuration and the Service are as they were installed')]
    : found
}

function checkReplicas(
  webhook: InstallComponent | undefined,
  { pods }: WebhookFacts,
  { namespace }: Install,
): readonly CheckResult[] {
  if (webhook === undefined)
    return [failed(`namespace ${namespace} has no Deployment of the webhook`, applyAgain)]
  const { wantedReplicas, readyReplicas } = webhook
  const sentence = `${describeComponent(webhook)}: ${readyReplicas} of ${countOf(wantedReplicas, 'replica')} ready`
  if (readyReplicas >= wantedReplicas && wantedReplicas > 0)
    return [
      wantedReplicas === 1
        ? passed(
            sentence,
            'while this replica is down, annotated pods are refused; webhook.replicas of the chart is 2 by default',
          )
        : passed(sentence),
    ]
  const reasons = whyNotReady(podsOf(webhook, pods ?? []))
  const detailed = [sentence, ...reasons].join('; ')
  if (wantedReplicas === 0)
    return [failed(detailed, 'scale it up: annotated pods are refused meanwhile')]
  const hint = `kubectl describe pods --namespace ${webhook.namespace}, and docs/install.md, "When the webhook does not answer"`
  return [readyReplicas === 0 ? failed(detailed, hint) : warned(detailed, hint)]
}

function checkConfigurations(
  install: Install,
  all: readonly JsonObject[],
  drift: ExaminedDrift,
): readonly CheckResult[] {
  const names = configurationNames(install)
  const [name, ...others] = names
  if (name === undefined)
    return [
      failed(
        'there is no webhook configuration of akv-injector, so annotated pods start without their secrets',
        applyAgain,
      ),
    ]
  return [
    others.length > 0
      ? warned(
          `several webhook configurations call akv-injector: ${listNames(names)}`,
          'akv-injector is installed once per cluster; delete those of an earlier install',
        )
      : passed(`webhook configuration ${name}`),
    ...install.entries.flatMap((entry) => checkEntry(entry, drift)),
    ...checkIdentityOrder(name, all),
    ...checkOthersAfter(name, all, names),
  ]
}

/** Checks fields that the chart sets, for installs that don't say what they have set. */
function checkEntry(entry: JsonObject, { differences }: ExaminedDrift): readonly CheckResult[] {
  const name = textAt(entry, 'name')
  const isReported = (field: string) =>
    differences.some(
      (one) => one.kind === 'changed' && one.entry?.name === name && one.field.name === field,
    )
  const policy = textAt(entry, 'failurePolicy') || 'Fail'
  const reinvocation = textAt(entry, 'reinvocationPolicy') || 'Never'
  return [
    ...(policy === 'Fail'
      ? [passed(`${name} has failurePolicy Fail, so no pod starts without its secrets`)]
      : isReported('failurePolicy')
        ? []
        : [
            warned(
              `${name} has failurePolicy ${policy}: while the webhook doesn’t answer, annotated pods start without their secrets`,
              'set it to Fail, or apply the install again',
            ),
          ]),
    ...(reinvocation === 'IfNeeded' || isReported('reinvocationPolicy')
      ? []
      : [
          warned(
            `${name} has reinvocationPolicy ${reinvocation}, so what other webhooks take from the agent isn’t added again`,
            'set it to IfNeeded, or apply the install again',
          ),
        ]),
  ]
}

const identityEntry = /(?:^|\.)azure-workload-identity\.io$/

/**
 * The API server calls webhooks in the order of their configurations' names, and azure-workload-identity has to come
 * first.
 */
function checkIdentityOrder(ours: string, all: readonly JsonObject[]): readonly CheckResult[] {
  const found = all.filter((one) =>
    objectsAt(one, 'webhooks').some((entry) => identityEntry.test(textAt(entry, 'name'))),
  )
  if (found.length === 0) return [passed('azure-workload-identity has no webhook here')]
  const late = found.filter((one) => nameOf(one) > ours)
  return [
    late.length === 0
      ? passed(`${ours} is called after azure-workload-identity’s`)
      : failed(
          `${listNames(late.map(nameOf))} of azure-workload-identity is called after ${ours}, and may drop what akv-injector has added`,
          'keep the name zz-akv-injector, or reinstall azure-workload-identity with its own names (docs/install.md, "What is installed")',
        ),
  ]
}

function checkOthersAfter(
  ours: string,
  all: readonly JsonObject[],
  ourNames: readonly string[],
): readonly CheckResult[] {
  const later = all.filter(
    (one) =>
      nameOf(one) > ours &&
      !ourNames.includes(nameOf(one)) &&
      objectsAt(one, 'webhooks').some(
        (entry) => changesPods(entry) && !identityEntry.test(textAt(entry, 'name')),
      ),
  )
  return later.length === 0
    ? [passed('no other webhook that changes pods is called later')]
    : [
        warned(
          `${listNames(later.map(nameOf))} may change pods after akv-injector: containers that are added then get no files and no variables`,
          'give that configuration a name that sorts before zz-akv-injector, unless it adds no containers',
        ),
      ]
}

const includes = (list: unknown, ...accepted: readonly string[]): boolean =>
  Array.isArray(list) && list.some((one) => typeof one === 'string' && accepted.includes(one))

const changesPods = (entry: JsonObject): boolean =>
  objectsAt(entry, 'rules').some(
    (rule) =>
      includes(valueAt(rule, 'apiGroups'), '', '*') &&
      includes(valueAt(rule, 'operations'), 'CREATE', '*') &&
      includes(valueAt(rule, 'resources'), 'pods', '*', '*/*'),
  )
