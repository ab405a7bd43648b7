import type { Manifest } from '../rendered.ts'
import { celFor, type Evaluate } from './cel.ts'
import { assertKnownFields } from './known-fields.ts'
import { type AdmissionRequest, rulesMatch, selectorMatches } from './matching.ts'

/** What an admission policy says about a request that violates it. */
export interface Violation {
  /** The name of the policy, without `akv-injector-`. */
  readonly policy: string
  /** What the API server does: `Deny`, `Warn` or `Audit`. */
  readonly actions: readonly string[]
  readonly message: string
}

const ofKind = (objects: readonly Manifest[], kind: string) =>
  objects.filter(
    (object) => object.kind === kind && object.apiVersion === 'admissionregistration.k8s.io/v1',
  )

/** What the API server does if a request violates a policy, from the policy's bindings. */
export function actionsOf(objects: readonly Manifest[], policy: string): readonly string[] {
  const bindings = ofKind(objects, 'ValidatingAdmissionPolicyBinding').filter(
    ({ spec }) => spec.policyName === policy,
  )
  return bindings.flatMap(({ spec }) => {
    assertKnownFields(spec, ['policyName', 'validationActions'])
    return spec.validationActions
  })
}

/** Returns how a request violates the policies that are in force, as the API server evaluates them. */
export function violations(
  objects: readonly Manifest[],
  request: AdmissionRequest,
): readonly Violation[] {
  return ofKind(objects, 'ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => {
    const actions = actionsOf(objects, metadata.name)
    if (actions.length === 0) return []
    const policy = metadata.name.replace('akv-injector-', '')
    return messagesOf(spec, request).map((message) => ({ policy, actions, message }))
  })
}

/** Whether a policy refuses a request. */
export const isRefused = (objects: readonly Manifest[], request: AdmissionRequest): boolean =>
  violations(objects, request).some(({ actions }) => actions.includes('Deny'))

function messagesOf(spec: Manifest, request: AdmissionRequest): readonly string[] {
  const parts = ['matchConstraints', 'matchConditions', 'variables', 'validations']
  assertKnownFields(spec, ['failurePolicy', ...parts])
  const { matchPolicy, resourceRules, ...others } = spec.matchConstraints
  assertKnownFields(others, [])
  if (!rulesMatch(resourceRules, { matchPolicy, request })) return []
  const evaluate = celFor(request, spec.variables)
  try {
    if (!conditionsHold(spec.matchConditions, evaluate)) return []
    return spec.validations.flatMap(({ expression, message, messageExpression }: Manifest) =>
      evaluate(expression) === true ? [] : [message ?? evaluate(messageExpression)],
    )
  } catch (error) {
    return spec.failurePolicy === 'Ignore' ? [] : [`${error}`]
  }
}

const conditionsHold = (conditions: readonly Manifest[] = [], evaluate: Evaluate) =>
  conditions.every(({ expression }) => evaluate(expression) === true)

/** Returns the names of the webhooks that the API server sends a request to. */
export function webhooksCalled(
  objects: readonly Manifest[],
  request: AdmissionRequest,
): readonly string[] {
  const { namespace, object } = request
  const labels = { 'kubernetes.io/metadata.name': namespace?.name ?? '', ...namespace?.labels }
  return ofKind(objects, 'MutatingWebhookConfiguration')
    .flatMap(({ webhooks }) => webhooks)
    .filter(
      ({ rules, matchPolicy, matchConditions, namespaceSelector, objectSelector }) =>
        rulesMatch(rules, { matchPolicy, request }) &&
        selectorMatches(namespaceSelector, labels) &&
        selectorMatches(objectSelector, object?.metadata.labels ?? {}) &&
        conditionsHold(matchConditions, celFor(request)),
    )
    .map(({ name }) => name)
}
