import {
  annotationPath,
  describeField,
  type Problem,
  type ProblemField,
} from '../../lib/problems/problem.ts'
import type { Policy } from '../administrator/policy.ts'
import { annotationPrefix, ownPath } from './keys/own-annotations.ts'

/** AKS's annotation of pods that sign in by an identity binding. ServiceAccounts may have it, too, for Secret sync. */
export const bindingAnnotation = 'azure.workload.identity/use-identity-binding'
export const bindingKey = 'identity-binding'

/** Whether something asks for an identity binding. */
export interface BindingRequest {
  readonly field: ProblemField
  readonly asks: boolean
}

/**
 * What the annotations of a pod or an account say: ours comes first. Of AKS's, only `true` counts, in any case, because
 * azure-workload-identity reads it so.
 *
 * @param annotations - all of the object; in a manifest that no API server has seen, values may not be strings
 * @param own - the value of our annotation
 */
export function annotatedBinding(
  annotations: Readonly<Record<string, unknown>>,
  own: boolean | undefined,
): BindingRequest | undefined {
  if (own !== undefined) return { field: { path: ownPath(bindingKey) }, asks: own }
  const text = annotations[bindingAnnotation]
  return typeof text === 'string' && text.toLowerCase() === 'true'
    ? { field: { path: annotationPath(bindingAnnotation) }, asks: true }
    : undefined
}

/**
 * Chooses how a pod signs in: as its annotations say, else as all its classes do.
 *
 * @param ofClasses - one for each served volume
 */
export function chooseBinding(
  annotated: BindingRequest | undefined,
  ofClasses: readonly BindingRequest[],
  { tokenProxy }: Pick<Policy, 'tokenProxy'>,
): { readonly usesBinding: boolean; readonly problems: readonly Problem[] } {
  const asking = [...(annotated ? [annotated] : []), ...ofClasses].find(({ asks }) => asks)
  if (asking === undefined) return { usesBinding: false, problems: [] }
  const other = annotated?.asks === true ? undefined : [annotated, ...ofClasses].find(isWithout)
  const sentence = other === undefined ? bindingObstacle(tokenProxy) : mixedSentence(other)
  return {
    usesBinding: true,
    problems: sentence === undefined ? [] : [{ ...asking.field, sentence }],
  }
}

const isWithout = (request?: BindingRequest): boolean => request?.asks === false

const mixedSentence = (other: BindingRequest | undefined): string =>
  `asks for an identity binding, and ${other ? describeField(other.field) : 'another class'} doesn't, but a pod signs in one way; set ${annotationPrefix}${bindingKey}: "true" if all vaults can be read by the binding`

/** Why identity bindings can't be used, if they can't. */
export function bindingObstacle(tokenProxy: Policy['tokenProxy']): string | undefined {
  if (tokenProxy === undefined)
    return `asks for an identity binding of AKS, which the administrator has not turned on (identityBinding.enabled of the chart); to sign in with a federated credential, set ${annotationPrefix}${bindingKey}: "false"`
  return tokenProxy.kind === 'unknown'
    ? `asks for an identity binding of AKS, which can't be used now: ${tokenProxy.reason}`
    : undefined
}
