import { buildChain } from '../../../keyvault/certificates/chain.ts'
import { isCertificateOf, type KeyMaterial } from '../../../keyvault/formats/key-material.ts'
import { readKeyMaterial, writePem } from '../../../keyvault/formats/pem.ts'
import { buildPfx, buildTrustStore } from '../../../keyvault/formats/pkcs12/build-pfx.ts'
import { readPfx } from '../../../keyvault/formats/pkcs12/pfx.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { runesOf, toBytes, toText } from '../model/byte-string.ts'
import { type FunctionName, TemplateError } from '../model/template.ts'

interface Call {
  /** For messages. */
  readonly name: FunctionName
  readonly budget: CpuBudget
}

interface CallWithPassword extends Call {
  /** A byte string. Absent: an empty password. */
  readonly password: string | undefined
}

type Pkcs12Function = (args: readonly string[], call: Call) => Promise<string>

const keyStore =
  (isChain: boolean): Pkcs12Function =>
  ([certificates = '', key = '', password], call) =>
    pemKeyStore({ certificates, key, isChain }, { ...call, password })
const trustStore: Pkcs12Function = ([pem = '', password], call) =>
  pemTrustStore(pem, { ...call, password })

/** The operator's functions. Arguments are byte strings. The functions for PEM give base64. */
export const pkcs12Functions = {
  fullPemToPkcs12: keyStore(true),
  fullPemToPkcs12Pass: keyStore(true),
  pemToPkcs12: keyStore(false),
  pemToPkcs12Pass: keyStore(false),
  pemTruststoreToPKCS12: trustStore,
  pemTruststoreToPKCS12Pass: trustStore,
  pkcs12cert: ([pfx = ''], call) => pkcs12Certificates(pfx, { ...call, password: '' }),
  pkcs12certPass: ([password, pfx = ''], call) => pkcs12Certificates(pfx, { ...call, password }),
  pkcs12key: ([pfx = ''], call) => pkcs12Key(pfx, { ...call, password: '' }),
  pkcs12keyPass: ([password, pfx = ''], call) => pkcs12Key(pfx, { ...call, password }),
} as const satisfies Readonly<Record<string, Pkcs12Function>>
export type Pkcs12Name = keyof typeof pkcs12Functions

/** The private key of a PKCS#12 file, as PKCS#8 in PEM. */
async function pkcs12Key(pfx: string, call: CallWithPassword): Promise<string> {
  const { keys } = await materialOf(pfx, call)
  const [der] = keys
  if (der === undefined || keys.length > 1)
    throw new TemplateError(
      `${call.name}: the file holds ${keys.length} private keys; accepted: one`,
    )
  return writePem({ label: 'PRIVATE KEY', der })
}

/** The certificates of a PKCS#12 file in PEM: the chain from the leaf on, or all as they are stored if they form no chain. */
async function pkcs12Certificates(pfx: string, call: CallWithPassword): Promise<string> {
  const material = await materialOf(pfx, call)
  const { certificates } = material
  if (certificates.length === 0)
    throw new TemplateError(`${call.name}: the file holds no certificate`)
  const { chain, rest } = await buildChain(material, call.budget)
  const ordered = rest.length === 0 ? chain : certificates
  return ordered.map((der) => writePem({ label: 'CERTIFICATE', der })).join('')
}

async function materialOf(pfx: string, call: CallWithPassword): Promise<KeyMaterial> {
  const material = await readPfx(toBytes(pfx), call.budget, passwordOf(call))
  if (material.kind === 'valid') return material.value
  throw new TemplateError(
    `${call.name}: ${material.problem}; a PKCS#12 file that is stored in base64 needs b64dec first`,
  )
}

/**
 * A key store in base64 of a certificate and its private key in PEM. As for the operator, the first certificate has to be that of
 * the key.
 *
 * @param pems.isChain - whether the other certificates are stored, too
 */
async function pemKeyStore(
  pems: { readonly certificates: string; readonly key: string; readonly isChain: boolean },
  call: CallWithPassword,
): Promise<string> {
  const { certificates } = pemMaterial(pems.certificates, call)
  const { keys } = pemMaterial(pems.key, call)
  const [first, key] = [certificates[0], keys[0]]
  if (first === undefined) throw new TemplateError(`${call.name}: its PEM holds no certificate`)
  if (key === undefined) throw new TemplateError(`${call.name}: its PEM holds no private key`)
  if (!isCertificateOf(first, key))
    throw new TemplateError(`${call.name}: the first certificate isn't that of the private key`)
  const material = { keys: [key], certificates: pems.isChain ? certificates : [first] }
  return base64(await buildPfx(material, { budget: call.budget, password: passwordOf(call) }))
}

/** A trust store in base64, of certificates in PEM. */
async function pemTrustStore(pem: string, call: CallWithPassword): Promise<string> {
  const { certificates } = pemMaterial(pem, call)
  if (certificates.length === 0)
    throw new TemplateError(`${call.name}: its PEM holds no certificate`)
  const options = { budget: call.budget, password: passwordOf(call) }
  return base64(await buildTrustStore(certificates, options))
}

function pemMaterial(pem: string, { name }: Call): KeyMaterial {
  const material = readKeyMaterial(pem)
  if (material.kind === 'valid') return material.value
  throw new TemplateError(`${name}: ${material.problem}`)
}

/** The cost of deriving a key is charged for a short password. */
const maxPasswordBytes = 4096

/** PKCS#12 has two bytes for each character of a password. Otherwise it is taken as it is. */
function passwordOf({ name, password = '' }: CallWithPassword): string {
  if (password.length > maxPasswordBytes)
    throw new TemplateError(`${name}: the password is longer than ${maxPasswordBytes} bytes`)
  for (const { code } of runesOf(password))
    if (code === undefined || code > 0xffff)
      throw new TemplateError(
        `${name}: the password isn't UTF-8, or has a character beyond U+FFFF, which PKCS#12 can't hold`,
      )
  return toText(password)
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
