import { listNames } from '../../../lib/list-names.ts'
import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { type CheckResult, passed, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { labelsOf } from '../model/label-selector.ts'
import { fullNameOf, nameOf, namespaceOf, textAt } from '../model/objects.ts'
import { syncSettings } from '../model/sync-settings.ts'

type OtherFacts = Pick<
  ClusterFacts,
  'nowMs' | 'drivers' | 'classes' | 'classMounts' | 'externalSecrets' | 'deployments'
>

export const driverName = 'secrets-store.csi.k8s.io'

/**
 * Finds objects that both akv-injector and another tool work on: the Secrets Store CSI Driver or the External Secrets
 * Operator.
 */
export function checkOtherTools(facts: OtherFacts, install: Install): readonly CheckResult[] {
  return [...checkDriver(facts, install), ...checkOperator(facts, install)]
}

function checkDriver(
  { drivers, classes = [], classMounts = [] }: OtherFacts,
  install: Install,
): readonly CheckResult[] {
  if (drivers === undefined) return []
  const hasDriver = drivers.some((one) => nameOf(one) === driverName)
  if (!hasDriver) return [passed('the Secrets Store CSI Driver isn’t installed')]
  const serving = install.components.webhook?.env['AKV_INJECTOR_CSI'] ?? 'none'
  const fought = syncSettings(install)?.kinds.includes('SecretProviderClass')
    ? foughtOver(classes, classMounts)
    : []
  return [
    serving === 'all'
      ? warned(
          'csi.namespaces is all, but the Secrets Store CSI Driver is still installed',
          'akv-injector serves all new pods with Azure volumes; take the driver out (docs/from-csi.md, "Take the driver out"), or set csi.namespaces to labelled',
        )
      : passed(
          `the Secrets Store CSI Driver is installed; csi.namespaces of akv-injector is ${serving}`,
        ),
    ...(fought.length === 0
      ? []
      : [
          warned(
            `the CSI driver has mounted these classes, and Secret sync makes their Secrets, too: ${listNames(fought)}`,
            'both may write the same Secrets: turn the driver’s Secret sync off, or move these pods first (docs/from-csi.md, "Secrets of secretObjects")',
          ),
        ]),
  ]
}

/** The driver writes the Secrets of a class while a pod mounts it. */
function foughtOver(
  classes: readonly JsonObject[],
  classMounts: readonly JsonObject[],
): readonly string[] {
  const mounted = new Set(
    classMounts
      .filter((one) => valueAt(one, 'status', 'mounted') === true)
      .map((one) => `${namespaceOf(one)}/${textAt(one, 'status', 'secretProviderClassName')}`),
  )
  return classes
    .filter((one) => objectsAt(one, 'spec', 'secretObjects').length > 0)
    .map(fullNameOf)
    .filter((name) => mounted.has(name))
}

const cleanupFinalizer = 'externalsecrets.external-secrets.io/externalsecret-cleanup'

function checkOperator(
  { deployments, externalSecrets = [] }: OtherFacts,
  install: Install,
): readonly CheckResult[] {
  if (deployments === undefined) return []
  const running = deployments.filter(isRunningOperator)
  const stuck = externalSecrets.filter((one) =>
    listAt(one, 'metadata', 'finalizers').includes(cleanupFinalizer),
  )
  const isSynced = syncSettings(install)?.kinds.includes('ExternalSecret') === true
  if (running.length > 0)
    return [
      isSynced && externalSecrets.length > 0
        ? warned(
            `the External Secrets Operator runs (${listNames(running.map(fullNameOf))}), so akv-injector leaves its ExternalSecrets alone`,
            'stop it once all namespaces shall move (docs/from-external-secrets.md, "Stop the operator")',
          )
        : passed(`the External Secrets Operator runs (${listNames(running.map(fullNameOf))})`),
    ]
  if (!isSynced || stuck.length === 0) return []
  return [
    warned(
      `the External Secrets Operator doesn’t run, but these ExternalSecrets have its finalizer and could never be deleted: ${listNames(stuck.map(fullNameOf))}`,
      'remove the finalizers (docs/from-external-secrets.md, "Hand the Secrets over")',
    ),
  ]
}

const isRunningOperator = (deployment: JsonObject): boolean =>
  labelsOf(deployment)['app.kubernetes.io/name'] === 'external-secrets' &&
  valueAt(deployment, 'spec', 'replicas') !== 0

const listAt = (object: unknown, ...path: readonly string[]): readonly unknown[] => {
  const list = valueAt(object, ...path)
  return Array.isArray(list) ? list : []
}
