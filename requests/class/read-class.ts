import { type Problem, plainProblem } from '../../lib/problems/problem.ts'
import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import type { CloudName } from '../administrator/policy.ts'
import { type ClassParameters, readClassParameters } from './class-parameters.ts'

/** The provider whose classes are served. */
const azureProvider = 'azure'

/** A SecretProviderClass, as far as it concerns a pod. */
export type ReadClass =
  | {
      readonly kind: 'azure'
      readonly parameters: ClassParameters
      /** The names of the Secrets that the class asks for (`secretObjects`). */
      readonly secrets: ReadonlySet<string>
    }
  | { readonly kind: 'other-provider' }
  | { readonly kind: 'wrong'; readonly problem: Problem }

/** Reads a class. It may hold any JSON: the CRD of the driver doesn't check much. */
export function readClass(object: unknown, cloudName: CloudName): ReadClass {
  const spec = specOf(object)
  if (spec === undefined) return { kind: 'wrong', problem: plainProblem('has no spec') }
  const { provider, parameters, secretObjects } = spec
  if (typeof provider !== 'string' || provider === '')
    return {
      kind: 'wrong',
      problem: plainProblem('spec.provider is missing; expected "azure"', ['spec', 'provider']),
    }
  if (provider !== azureProvider) return { kind: 'other-provider' }
  return {
    kind: 'azure',
    parameters: readClassParameters(parameters, cloudName),
    secrets: secretNames(secretObjects),
  }
}

/** The parameters of a class of the Azure provider, unchecked. Undefined for any other object. */
export function azureParametersOf(object: unknown): unknown {
  const spec = specOf(object)
  return spec?.['provider'] === azureProvider ? (spec['parameters'] ?? {}) : undefined
}

function specOf(object: unknown): JsonObject | undefined {
  const spec = valueAt(object, 'spec')
  return isObject(spec) ? spec : undefined
}

function secretNames(secretObjects: unknown): ReadonlySet<string> {
  if (!Array.isArray(secretObjects)) return new Set()
  return new Set(
    secretObjects.flatMap((entry: unknown) => {
      const name = valueAt(entry, 'secretName')
      return typeof name === 'string' && name !== '' ? [name] : []
    }),
  )
}
