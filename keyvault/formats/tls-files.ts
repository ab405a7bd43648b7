import type { Parsed } from '../../lib/parsed.ts'
import { type CertificateSecret, readCertificateSecret } from './certificate-secret.ts'
import { buildChain } from './chain.ts'
import { createCpuBudget } from './cpu-budget.ts'
import { isCertificateOf } from './key-material.ts'
import { writePem } from './pem.ts'

/** The three files of `tls/`, as text. */
export interface TlsFiles {
  /** The leaf, then intermediates: what a server sends. */
  readonly 'tls.crt': string
  /** PKCS#8. */
  readonly 'tls.key': string
  /** The root, if the object has one, even without the intermediate between it and the leaf; a self-signed leaf is its own. */
  readonly 'ca.crt'?: string
}

/**
 * A certificate as servers and `kubernetes.io/tls` Secrets want it, out of one answer of the vault. The key is checked to
 * belong to the leaf. What belongs to no chain from that leaf is left out: a server would send it to every client.
 */
export async function tlsFiles(
  secret: CertificateSecret,
  budget = createCpuBudget(),
): Promise<Parsed<TlsFiles>> {
  const material = await readCertificateSecret(secret, budget)
  if ('problem' in material) return material
  const { keys } = material.value
  if (keys.length === 0) return { problem: notExportable }

  const { chain, root } = await buildChain(material.value, budget)
  const leaf = chain[0]
  const key = leaf && keys.find((der) => isCertificateOf(leaf, der))
  if (leaf === undefined || key === undefined)
    return {
      problem: 'the private key belongs to none of the certificates beside it; import them again',
    }
  const sent = chain.filter((der) => der === leaf || der !== root)
  return {
    value: {
      'tls.crt': sent.map((der) => writePem({ label: 'CERTIFICATE', der })).join(''),
      'tls.key': writePem({ label: 'PRIVATE KEY', der: key }),
      ...(root ? { 'ca.crt': writePem({ label: 'CERTIFICATE', der: root }) } : {}),
    },
  }
}

const notExportable =
  'the certificate comes without its private key, which is not exportable: set "exportable": true under "key_props" in the certificate\'s policy (in the portal: Advanced Policy Configuration, Exportable Private Key) and create a new version; a key of type RSA-HSM or EC-HSM can never be exported'
