import type { Test } from 'tap'
import type { KubeObject } from '../client/api.ts'
import { type Cluster, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readManifest } from '../harness/install/install.ts'

/** Returns the installed binding of an admission policy. Both have the same name. */
export function policyBinding(name: string): KubeObject {
  const found = readManifest('install.yaml').find(
    ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicyBinding' && metadata.name === name,
  )
  if (!found) throw new Error(`install.yaml has no binding ${name}`)
  return found
}

/**
 * Changes how a policy is enforced until the test ends.
 *
 * @param actions - such as `['Deny']`; an empty list removes the binding
 * @param isInForce - tells whether the API server already applies the change, which takes a moment
 */
export async function changeEnforcement(
  t: Test,
  cluster: Cluster,
  options: {
    readonly name: string
    readonly actions: readonly string[]
    readonly isInForce: () => Promise<boolean>
  },
): Promise<void> {
  const { name, actions, isInForce } = options
  const installed = policyBinding(name)
  t.teardown(() => cluster.apply(installed))
  if (actions.length === 0) await cluster.delete(installed)
  else {
    const spec = { policyName: name, validationActions: actions }
    expectSuccess(await cluster.apply({ ...installed, spec }))
  }
  await until(isInForce)
}
