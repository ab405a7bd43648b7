import { restartedAtAnnotation } from '../../../../requests/rollouts/rollout-names.ts'
import type { KubeObject } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { isReady, isRolledOut, type SeenWorkload } from '../harness/deployments.ts'
import type { OpenNode, RunningPod } from '../harness/open-node.ts'
import { recordOf } from './rollout-controller.ts'
import { read } from './service-load.ts'

/** Reads what has become of the workloads of the account `web`. */
export function watchWorkloads(node: OpenNode, namespace: string) {
  const { cluster } = node
  const inNamespace = { namespace }
  const seen = async (workload: KubeObject) =>
    expectSuccess(await cluster.get(workload)).body as unknown as SeenWorkload
  return {
    seen,
    isReady: async (workload: KubeObject) => isReady(await seen(workload)),
    async restartedAt(workload: KubeObject) {
      return (await seen(workload)).spec.template.metadata.annotations?.[restartedAtAnnotation]
    },
    /** @param updated - how many pods a roll-out replaces; by default all */
    isRolledOut: async (workload: KubeObject, updated?: number) =>
      isRolledOut(await seen(workload), updated),
    /** How many templates a workload has had. An undo gives an old one a new number. */
    async revisions(workload: KubeObject) {
      const apiVersion = 'apps/v1'
      const kind = workload.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision'
      const selector = `app=${workload.metadata.name}`
      return (await cluster.list({ apiVersion, kind, metadata: inNamespace }, selector)).length
    },
    async isHeld(workload: KubeObject, why: string) {
      const record = await recordOf(node, namespace, 'web')
      const title = `${workload.kind}/${workload.metadata.name}`
      const found = [...(record?.workloads.values() ?? [])].find(({ name }) => name === title)
      return found?.held?.why === why
    },
    /** What each pod of a workload serves that isn't ending, in the order of their names. */
    async served(workload: KubeObject): Promise<readonly string[]> {
      const selector = `app=${workload.metadata.name}`
      const kind = { apiVersion: 'v1', kind: 'Pod', metadata: inNamespace }
      const pods = (await cluster.list(kind, selector)) as unknown as readonly RunningPod[]
      const current = pods
        .filter(({ metadata }) => metadata['deletionTimestamp'] === undefined)
        .toSorted((a, b) => String(a.metadata.name).localeCompare(String(b.metadata.name)))
      return await Promise.all(current.map(({ status }) => read(status.podIP ?? '')))
    },
  }
}
