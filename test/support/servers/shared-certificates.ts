import { issueTestAuthority, type TestAuthority } from '../issue-test-authority.ts'

interface SharedCertificate {
  readonly keyPem: string
  readonly certificatePem: string
  readonly caPem: string
}

/**
 * Returns the same certificate for `localhost` to all servers of one kind in a process, because issuing one takes longer than to
 * start the rest of a server. Not for a test in which one server must not be trusted and another must be.
 */
export function sharedCertificate(kind: 'emulator' | 'server'): Promise<SharedCertificate> {
  const certificate = certificates.get(kind) ?? issueTestAuthority(kind).then(issue)
  certificates.set(kind, certificate)
  return certificate
}
const certificates = new Map<string, Promise<SharedCertificate>>()

export async function issue(
  authority: TestAuthority,
  dnsNames: readonly string[] = ['localhost'],
): Promise<SharedCertificate> {
  return { ...(await authority.issue({ dnsNames })), caPem: authority.certificatePem }
}
