import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Issued, issueAuthority, issueLeaf } from '../../../certs/issue.ts'

/** An authority, and a way to issue leaves for `localhost` into a folder as the kubelet would put them there. */
export async function tlsFolder(folder: string) {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'test', now, lifetimeDays: 2 })
  return {
    folder,
    ca: authority.certificatePem,
    issue: (options: { now?: Date; lifetimeDays?: number } = {}) =>
      issueLeaf({
        authority,
        commonName: 'webhook',
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
        now,
        lifetimeDays: 1,
        ...options,
      }),
    async write({ certificatePem, keyPem }: Issued): Promise<void> {
      await writeFile(join(folder, 'tls.key'), keyPem)
      await writeFile(join(folder, 'tls.crt'), certificatePem)
    },
  }
}
