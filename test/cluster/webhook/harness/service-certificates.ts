import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import { writeLikeKubelet } from '../../../webhook/http/tls-folder.ts'

/** Creates an authority, and issues certificates of the webhook's Service into a folder, as the kubelet mounts them. */
export async function serviceCertificates(folder: string) {
  const newAuthority = () => issueTestAuthority('akv-injector cluster tests')
  let authority = await newAuthority()
  let published = authority.certificatePem
  return {
    folder,
    /** The content for `caBundle`. */
    get caPem() {
      return published
    },
    /** Adds a new authority beside the old one. It signs the certificates of later renewals. */
    async replaceAuthority(): Promise<void> {
      authority = await newAuthority()
      published += authority.certificatePem
    },
    forgetOldAuthority(): void {
      published = authority.certificatePem
    },
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
