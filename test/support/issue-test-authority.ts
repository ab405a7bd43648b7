import { type IssuedPem, issueAuthority, issueLeaf, type LeafOptions } from '../../certs/issue.ts'

export interface TestAuthority extends IssuedPem {
  /** Signs a certificate. Without options, it is one for a server on loopback. */
  readonly issue: (options?: Partial<Omit<LeafOptions, 'authority'>>) => Promise<IssuedPem>
}

/** Creates an authority that tests trust, or don't trust on purpose. */
export async function issueTestAuthority(
  commonName = 'test',
  { lifetimeDays = 2 } = {},
): Promise<TestAuthority> {
  const now = new Date()
  const authority = await issueAuthority({ commonName, now, lifetimeDays })
  return {
    ...authority,
    issue: (options) =>
      issueLeaf({
        authority,
        commonName: 'localhost',
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
        now,
        lifetimeDays: 1,
        ...options,
      }),
  }
}
