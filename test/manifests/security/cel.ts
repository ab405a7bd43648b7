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
/** The API server's `authorizer`: each call adds to what is asked. */
for (const part of ['group', 'resource', 'subresource', 'namespace', 'name', 'check'])
  environment.registerFunction(`map.${part}(string): map`, (asked: Manifest, value: string) => ({
    ...asked,
    [part]: value,
  }))
environment
  .registerFunction(
    'map.serviceAccount(string, string): map',
    (asked: Manifest, namespace: string, name: string) => ({
      ...asked,
      user: `system:serviceaccount:${namespace}:${name}`,
    }),
  )
  .registerFunction('map.allowed(): bool', ({ rights, ...asked }: Manifest) =>
    rights.includes(rightText(asked)),
  )

function rightText({ user, group, resource, subresource, name, check }: Manifest): string {
  const kind = [resource, subresource].filter(Boolean).join('/')
  const what = [kind, group].filter(Boolean).join('.')
  return `${user}: ${[check, what, name].filter(Boolean).join(' ')}`
}

export type Evaluate = (expression: string) => unknown

const compiled = new Map<string, ReturnType<typeof environment.parse>>()

/** Returns a function that evaluates expressions for a request. A policy's variables are evaluated when they are used. */
export function celFor(request: AdmissionRequest, variables: readonly Manifest[] = []): Evaluate {
  const { user = '', operation, namespace, object = null, oldObject = null, rights = [] } = request
  const found: Record<string, unknown> = {}
  const context = {
    object,
    oldObject,
    request: { operation, namespace: namespace?.name ?? '', userInfo: { username: user } },
    authorizer: { user, rights },
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
