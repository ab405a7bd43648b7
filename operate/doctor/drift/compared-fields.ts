import type { ComparedKind } from '../model/installed.ts'

/** A field that the chart sets and the API server returns as it was set. */
export interface ComparedField {
  /** As people call it: `namespaceSelector`. */
  readonly name: string
  readonly path: readonly string[]
  /** What a change of it may do, as a clause of a sentence. */
  readonly effect: string
  /** Whether the webhook can't work as installed with it, so that pods fail or start without their secrets. */
  readonly isVital: boolean
  /** Whether a change may keep pods from the webhook. */
  readonly selects: boolean
}

type Effect = Pick<ComparedField, 'effect' | 'isVital' | 'selects'>

const field = (path: string, effect: Effect): ComparedField => {
  const parts = path.split('.')
  return { name: parts.at(-1) ?? path, path: parts, ...effect }
}

const plain = (effect: string): Effect => ({ effect, isVital: false, selects: false })
const selecting: Effect = {
  effect: 'the API server sends other pods to the webhook than it was installed for',
  isVital: false,
  selects: true,
}
const vital = (effect: string): Effect => ({ effect, isVital: true, selects: false })
const unreachable = vital('new connections of the API server don’t reach the webhook')

/** The fields of an entry of the webhook configuration. */
export const entryFields: readonly ComparedField[] = [
  field('namespaceSelector', selecting),
  field('objectSelector', selecting),
  field('matchConditions', selecting),
  field('rules', selecting),
  field('matchPolicy', selecting),
  field(
    'failurePolicy',
    plain('while the webhook doesn’t answer, annotated pods start without their secrets'),
  ),
  field('reinvocationPolicy', plain('what other webhooks take from the agent isn’t added again')),
  field('timeoutSeconds', plain('the API server gives up on the webhook at another time')),
  field('sideEffects', plain('dry runs may be refused')),
  field('admissionReviewVersions', vital('the webhook may get reviews that it doesn’t read')),
  // Without it, there is a URL, because the API server requires one of the two.
  field('clientConfig.service', vital('the API server doesn’t call the webhook of this install')),
]

/** Only with certs.mode=files does the chart know it. Otherwise, a controller sets it. */
export const bundleField = field(
  'clientConfig.caBundle',
  vital('the API server may not trust the webhook'),
)

/** An entry as a whole. */
export const wholeEntry: Effect = selecting

const protecting = plain('it may not protect what it was installed for')

/** The fields of each kind but the webhook configuration, whose entries are compared one by one. */
export const objectFields: Readonly<
  Record<Exclude<ComparedKind, 'MutatingWebhookConfiguration'>, readonly ComparedField[]>
> = {
  Service: ['spec.type', 'spec.ports', 'spec.selector'].map((path) => field(path, unreachable)),
  ValidatingAdmissionPolicy: [
    ...['failurePolicy', 'paramKind', 'matchConstraints', 'matchConditions', 'variables'],
    ...['validations', 'auditAnnotations'],
  ].map((name) => field(`spec.${name}`, protecting)),
  ValidatingAdmissionPolicyBinding: [
    ...['policyName', 'validationActions', 'matchResources', 'paramRef'],
  ].map((name) => field(`spec.${name}`, protecting)),
}
