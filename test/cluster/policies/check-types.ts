import type { Test } from 'tap'
import type { KubeObject } from '../client/api.ts'
import { type Cluster, until } from '../client/cluster.ts'

/** Checks that the API server finds no type errors in the CEL expressions of applied policies. Skips other objects. */
export async function checkTypes(
  t: Test,
  cluster: Cluster,
  objects: readonly KubeObject[],
): Promise<void> {
  for (const policy of objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')) {
    const { generation } = (await cluster.get(policy)).body.metadata
    let status: { observedGeneration?: unknown; typeChecking?: object } = {}
    await until(async () => {
      status = ((await cluster.get(policy)).body['status'] ?? {}) as typeof status
      return status.observedGeneration === generation
    })
    t.strictSame(status.typeChecking ?? {}, {}, policy.metadata.name ?? '')
  }
}
