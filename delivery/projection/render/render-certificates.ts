import type { FetchedSecret } from '../../../keyvault/clients/object-client.ts'
import type { WantedValue } from '../../contract.ts'
import { type RenderContext, renderError, type TargetPart, valueOrThrow } from './render-context.ts'

/** A certificate with its key, as PEM. */
export async function certificatePem(
  secret: FetchedSecret,
  wanted: WantedValue,
  { budget }: RenderContext,
): Promise<string> {
  const { certificateSecretPem } = await import(
    '../../../keyvault/certificates/certificate-secret.ts'
  )
  return valueOrThrow(await certificateSecretPem(secret, budget), wanted, 'AKV_CERTIFICATE')
}

/** The files of a TLS Secret. */
export async function renderTlsFiles(
  wanted: WantedValue,
  secret: FetchedSecret,
  { budget }: RenderContext,
): Promise<readonly TargetPart[]> {
  const [{ readCertificateSecret }, { tlsFiles }] = await Promise.all([
    import('../../../keyvault/certificates/certificate-secret.ts'),
    import('../../../keyvault/certificates/tls-files.ts'),
  ])
  const { keys } = valueOrThrow(
    await readCertificateSecret(secret, budget),
    wanted,
    'AKV_CERTIFICATE',
  )
  const code = keys.length === 0 ? 'AKV_KEY_NOT_EXPORTABLE' : 'AKV_CERTIFICATE'
  const files = valueOrThrow(await tlsFiles(secret, budget), wanted, code)
  return Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
}

/** A certificate with its key, as PKCS#12. */
export async function renderPfx(
  wanted: WantedValue,
  { secret, password }: { readonly secret: FetchedSecret; readonly password: string },
  { budget }: RenderContext,
): Promise<Uint8Array> {
  const { certificatePfx, readCertificateSecret } = await import(
    '../../../keyvault/certificates/certificate-secret.ts'
  )
  const { keys } = valueOrThrow(
    await readCertificateSecret(secret, budget),
    wanted,
    'AKV_CERTIFICATE',
  )
  if (keys.length === 0)
    throw renderError(wanted, {
      code: 'AKV_KEY_NOT_EXPORTABLE',
      problem: 'the vault does not release the private key',
    })
  return valueOrThrow(await certificatePfx(secret, budget, password), wanted, 'AKV_CERTIFICATE')
}

/** A certificate without its key, as PEM. */
export async function renderCertificate(wanted: WantedValue, der: Uint8Array): Promise<Uint8Array> {
  const [{ readCertificate }, { writePem }] = await Promise.all([
    import('../../../keyvault/formats/key-material.ts'),
    import('../../../keyvault/formats/pem.ts'),
  ])
  if (readCertificate(der) !== undefined)
    return Buffer.from(writePem({ label: 'CERTIFICATE', der }))
  throw renderError(wanted, {
    code: 'AKV_CERTIFICATE',
    problem: "the vault's answer is not a valid X.509 certificate",
  })
}
