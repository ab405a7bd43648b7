import { createHash } from 'node:crypto'

/** AKS writes the cluster's ID into a DNS name of the API server's certificate: `hcp-kubernetes.ID.svc.cluster.local`. */
const idInName = /^hcp-kubernetes\.(.{1,200})\.svc\.cluster\.local$/

/** Finds the cluster's ID in the DNS names of the API server's certificate. */
export const clusterIdIn = (dnsNames: readonly string[]): string | undefined =>
  dnsNames.flatMap((name) => idInName.exec(name)?.[1] ?? []).at(0)

/**
 * The TLS server name of the token proxy of an AKS cluster: `a`, the SHA-256 of `identity-binding` and the cluster's ID in
 * base32hex (RFC 4648, section 7) without padding and in lower case, and `.ests.aks`.
 */
export function serverNameOf(clusterId: string): string {
  const hash = createHash('sha256').update(`identity-binding${clusterId}`).digest('hex')
  // The digits of numbers with radix 32 are those of base32hex, and 52 digits have four bits more than the hash.
  const digits = (BigInt(`0x${hash}`) << 4n).toString(32).padStart(52, '0')
  return `a${digits}.ests.aks`
}
