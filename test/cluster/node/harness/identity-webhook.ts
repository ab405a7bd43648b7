import type { Cluster } from '../../client/cluster.ts'
import { type OtherWebhook, startOtherWebhook } from '../../webhook/harness/other-webhook.ts'
import { addIdentity } from '../../webhook/harness/workload-identity.ts'

/** Serves what azure-workload-identity does to labelled pods, whose client ID their service account names. */
export const startIdentityWebhook = (cluster: Cluster): Promise<OtherWebhook> =>
  startOtherWebhook(cluster, {
    name: 'azure-wi-webhook-mutating-webhook-configuration',
    selector: { objectSelector: { matchLabels: { 'azure.workload.identity/use': 'true' } } },
    async change(pod, namespace) {
      const { serviceAccountName = 'default' } = pod.spec
      const { body } = await cluster.get({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace, name: String(serviceAccountName) },
      })
      const { annotations } = body.metadata as { annotations?: Readonly<Record<string, string>> }
      const clientId = annotations?.['azure.workload.identity/client-id']
      return clientId ? addIdentity(pod, clientId) : pod
    },
  })
