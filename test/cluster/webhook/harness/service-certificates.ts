import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import { writeLikeKubelet } from '../../../webhook/http/tls-folder.ts'

/** Creates an authority, and issues certificates of the webhook's Service into a folder, as the kubelet mounts them. */
export async function serviceCertificates(folder: string) {
  const authority = await issueTestAuthority('akv-injector cluster tests')
  return {
    folder,
    /** The content for `caBundle`. */
    caPem: authority.certificatePem,
    async renew(): Promise<void> {
      const leaf = await authority.issue({
        // The name that the API server verifies.
        dnsNames: ['akv-injector-webhook.akv-injector.svc'],
        ipAddresses: [],
      })
      await writeLikeKubelet(folder, leaf)
    },
  }
}
