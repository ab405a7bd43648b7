import { issueAuthority, issueLeaf } from '../../../../certs/issue.ts'
import { writeLikeKubelet } from '../../../webhook/http/tls-folder.ts'

/** An authority of the tests' own, and a folder with a leaf for the webhook's Service, as the kubelet mounts it. */
export async function serviceCertificates(folder: string) {
  const now = new Date()
  const newAuthority = () =>
    issueAuthority({ commonName: 'akv-injector cluster tests', now, lifetimeDays: 2 })
  let authority = await newAuthority()
  let published = authority.certificatePem
  return {
    folder,
    /** What belongs in `caBundle`. */
    get caPem() {
      return published
    },
    /** A new authority beside the old one; leaves of the next renewals are its own. */
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
        // The name that the API server asks for.
        dnsNames: ['akv-injector-webhook.akv-injector.svc'],
        ipAddresses: [],
        now,
        lifetimeDays: 1,
      })
      await writeLikeKubelet(folder, leaf)
    },
  }
}
