import { createCpuBudget } from '../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { isCertificateOf } from '../formats/key-material.ts'
import { writePem } from '../formats/pem.ts'
import { type CertificateSecret, readCertificateSecret } from './certificate-secret.ts'
import { buildChain } from './chain.ts'

/** The contents of the three files of `tls/`. */
interface TlsFiles {
  /** The leaf, then the intermediates, as a server sends them. */
  readonly 'tls.crt': string
  /** PKCS#8. */
  readonly 'tls.key': string
  /** The root, if the object has one, even if an intermediate is missing. A self-signed leaf is its own root. */
  readonly 'ca.crt'?: string
}

/**
 * Converts a certificate to the files that servers and `kubernetes.io/tls` Secrets need, from one answer of the vault.
 * The key must belong to the leaf. Certificates outside the leaf's chain are left out, because a server would send them
 * to every client.
 */
export async function tlsFiles(
  secret: CertificateSecret,
  budget = createCpuBudget(),
): Promise<Parsed<TlsFiles>> {
  const material = await readCertificateSecret(secret, budget)
  if (material.kind === 'invalid') return material
  const { keys } = material.value
  if (keys.length === 0) return invalid(notExportable)

  const { chain, root } = await buildChain(material.value, budget)
  const leaf = chain[0]
  const key = leaf && keys.find((der) => isCertificateOf(leaf, der))
  if (leaf === undefined || key === undefined)
    return invalid(
      'the private key does not match any of the certificates stored with it; import them again',
    )
  const sent = chain.filter((der) => der === leaf || der !== root)
  return valid({
    'tls.crt': sent.map((der) => writePem({ label: 'CERTIFICATE', der })).join(''),
    'tls.key': writePem({ label: 'PRIVATE KEY', der: key }),
    ...(root ? { 'ca.crt': writePem({ label: 'CERTIFICATE', der: root }) } : {}),
  })
}

const notExportable =
  'the certificate comes without its private key, which is not exportable: set "exportable": true under "key_props" in the certificate\'s policy (in the portal: Advanced Policy Configuration, Exportable Private Key) and create a new version; a key of type RSA-HSM or EC-HSM can never be exported'
