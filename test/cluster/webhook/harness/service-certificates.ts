import { issueAuthority, issueLeaf } from '../../../../certs/issue.ts'
import { writeLikeKubelet } from '../../../webhook/http/tls-folder.ts'

/** Creates an authority, and issues certificates of the webhook's Service into a folder, as the kubelet mounts them. */
export async function serviceCertificates(folder: string) {
  const now = new Date()
  const newAuthority = () =>
    issueAuthority({ commonName: 'akv-injector cluster tests', now, lifetimeDays: 2 })
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
      const leaf = await issueLeaf({
        authority,
        commonName: 'akv-injector-webhook',
        // The name that the API server verifies.
        dnsNames: ['akv-injector-webhook.akv-injector.svc'],
        ipAddresses: [],
        now,
        lifetimeDays: 1,
      })
      await writeLikeKubelet(folder, leaf)
    },
  }
}
