import { listNames } from '../../../lib/list-names.ts'
import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { checkDrift } from '../drift/check-drift.ts'
import type { ExaminedDrift } from '../drift/examine-drift.ts'
import { type CheckResult, passed, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import { certificateMode, type Install } from '../model/find-install.ts'
import { nameOf, textAt } from '../model/objects.ts'

type PolicyFacts = Pick<ClusterFacts, 'policies' | 'policyBindings'>

const prefix = 'akv-injector-'
/** The policies that the chart installs by default, with the value that turns each off. */
const defaults: Readonly<Record<string, string>> = {
  'akv-injector-ephemeral-containers': 'policies.ephemeralContainers',
  'akv-injector-uninjected-pods': 'policies.uninjectedPods',
  'akv-injector-unsynced-accounts': 'policies.unsyncedAccounts',
}

/** Checks that the chart's admission policies are in force. Each needs a binding. */
export function checkPolicies(
  { policies, policyBindings }: PolicyFacts,
  install: Install,
  drift: ExaminedDrift,
): readonly CheckResult[] {
  if (policies === undefined || policyBindings === undefined) return []
  const ours = policies.filter((policy) => nameOf(policy).startsWith(prefix))
  const names = new Set(ours.map(nameOf))
  const actions = actionsByPolicy(policyBindings)
  const kinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'] as const
  const deleted = new Set(
    drift.differences.flatMap(({ kind, object }) =>
      kind === 'deleted' && object.kind !== 'Service' ? [object.name] : [],
    ),
  )
  const unbound = [...names].filter((name) => !actions.has(name) && !deleted.has(name))
  const orphans = [...actions.keys()].filter(
    (name) => name.startsWith(prefix) && !names.has(name) && !deleted.has(name),
  )
  const inForce = [...names].filter((name) => actions.has(name))
  const off = Object.entries(defaults).filter(([name]) => !names.has(name) && !deleted.has(name))
  return [
    inForce.length === 0
      ? passed('no admission policy of akv-injector is in force')
      : passed(
          `in force: ${listNames(
            inForce.map((name) => `${name} (${actions.get(name)})`),
            20,
          )}`,
        ),
    ...off.map(([name, value]) => passed(`${name} is off (${value} of the chart)`)),
    ...unbound.map((name) =>
      warned(`policy ${name} has no binding, so it isn’t in force`, 'apply the install again'),
    ),
    ...orphans.map((name) =>
      warned(`a binding names the policy ${name}, which doesn’t exist`, 'apply the install again'),
    ),
    ...(install.namespace === undefined
      ? []
      : checkDrift(drift, kinds, { namespace: install.namespace, isDryRunBare: false })),
    ...ours.flatMap(typeWarnings),
    ...(certificateMode(install) === 'self-managed' &&
    !names.has('akv-injector-certs') &&
    !deleted.has('akv-injector-certs')
      ? [
          warned(
            'the policy akv-injector-certs is missing: whoever takes over the certificate controller could send all pods to another webhook',
            'apply the install again',
          ),
        ]
      : []),
  ]
}

function actionsByPolicy(bindings: readonly JsonObject[]): ReadonlyMap<string, string> {
  const actions = new Map<string, string>()
  for (const binding of bindings) {
    const listed = valueAt(binding, 'spec', 'validationActions')
    const texts = Array.isArray(listed) ? listed.filter((one) => typeof one === 'string') : []
    actions.set(textAt(binding, 'spec', 'policyName'), texts.join(', '))
  }
  return actions
}

/**
 * The API server type-checks a policy's expressions against the schemas of the kinds, and reports warnings in its
 * status.
 */
const typeWarnings = (policy: JsonObject): readonly CheckResult[] =>
  objectsAt(policy, 'status', 'typeChecking', 'expressionWarnings')
    .slice(0, 3)
    .map((one) =>
      warned(
        `policy ${nameOf(policy)}: ${textAt(one, 'fieldRef')}: ${textAt(one, 'warning')}`,
        'report it: the policy may not work on this version of Kubernetes',
      ),
    )
