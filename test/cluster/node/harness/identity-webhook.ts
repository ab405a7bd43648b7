import type { Cluster } from '../../client/cluster.ts'
import { type OtherWebhook, startOtherWebhook } from '../../webhook/harness/other-webhook.ts'
import { addIdentity } from '../../webhook/harness/workload-identity.ts'

/** Serves azure-workload-identity's webhook, which adds the identity of the service account to labelled pods. */
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
