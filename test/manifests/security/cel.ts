import { isDeepStrictEqual } from 'node:util'
import { Environment } from '@marcbachmann/cel-js'
import type { Manifest } from '../rendered.ts'
import type { AdmissionRequest } from './matching.ts'

/** CEL as the API server evaluates it, with optional values, and without its check of types. */
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
}).registerOperator('optional == optional', (one, other) =>
  isDeepStrictEqual(one.orValue(undefined), other.orValue(undefined)),
)

export type Evaluate = (expression: string) => unknown

const compiled = new Map<string, ReturnType<typeof environment.parse>>()

/** Returns a function that evaluates expressions for a request. A policy's variables are evaluated when they are used. */
export function celFor(request: AdmissionRequest, variables: readonly Manifest[] = []): Evaluate {
  const { user, operation, namespace, object = null, oldObject = null } = request
  const found: Record<string, unknown> = {}
  const context = {
    object,
    oldObject,
    request: { operation, namespace: namespace?.name ?? '', userInfo: { username: user ?? '' } },
    namespaceObject: namespace && { metadata: namespace },
    variables: found,
  }
  const evaluate: Evaluate = (expression) => {
    const parsed = compiled.get(expression) ?? environment.parse(expression)
    compiled.set(expression, parsed)
    return parsed(context)
  }
  for (const { name, expression } of variables)
    Object.defineProperty(found, name, { enumerable: true, get: () => evaluate(expression) })
  return evaluate
}
