import { buildChain } from '../../../keyvault/certificates/chain.ts'
import type { KeyMaterial } from '../../../keyvault/formats/key-material.ts'
import { readPem, writePem } from '../../../keyvault/formats/pem.ts'
import { readPfx } from '../../../keyvault/formats/pkcs12/pfx.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { toBytes } from '../model/byte-string.ts'
import { TemplateError } from '../model/template.ts'

/** The private key of a PKCS#12 file with an empty password, as PKCS#8 in PEM. */
export async function pkcs12Key(pfx: string, budget: CpuBudget): Promise<string> {
  const { keys } = await materialOf(pfx, { name: 'pkcs12key', budget })
  const [der] = keys
  if (der === undefined || keys.length > 1)
    throw new TemplateError(`pkcs12key: the file holds ${keys.length} private keys; accepted: one`)
  return writePem({ label: 'PRIVATE KEY', der })
}

/** The certificates of a PKCS#12 file in PEM: the chain from the leaf on, or all as they are stored if they form no chain. */
export async function pkcs12Certificates(pfx: string, budget: CpuBudget): Promise<string> {
  const material = await materialOf(pfx, { name: 'pkcs12cert', budget })
  const { certificates } = material
  if (certificates.length === 0)
    throw new TemplateError('pkcs12cert: the file holds no certificate')
  const { chain, rest } = await buildChain(material, budget)
  const ordered = rest.length === 0 ? chain : certificates
  return ordered.map((der) => writePem({ label: 'CERTIFICATE', der })).join('')
}

async function materialOf(
  pfx: string,
  { name, budget }: { readonly name: string; readonly budget: CpuBudget },
): Promise<KeyMaterial> {
  const material = await readPfx(toBytes(pfx), budget)
  if (material.kind === 'valid') return material.value
  throw new TemplateError(
    `${name}: ${material.problem}; a PKCS#12 file that is stored in base64 needs b64dec first`,
  )
}

/**
 * The blocks of a PEM text that have this label, in either case. Fails where Go does, and for a damaged block, which Go would
 * leave out. As for the operator, text before the first block doesn't matter, nor what blocks with other labels contain.
 */
export function filterPem(label: string, text: string): string {
  const refuse = (problem: string) => new TemplateError(`filterPEM: ${problem}`)
  const pem = text.slice(Math.max(0, text.indexOf('-----BEGIN')))
  // For Go, this doesn't end a line.
  if (/\r(?!\n)/.test(pem)) throw refuse('a line ends with CR alone; accepted: LF, or CR and LF')
  const blocksOf = (isWanted?: (label: string) => boolean) => {
    const blocks = readPem(pem, isWanted)
    if (blocks.kind === 'invalid') throw refuse(blocks.problem)
    return blocks.value
  }
  const wanted = label.toLowerCase()
  const found = blocksOf((label) => label.toLowerCase() === wanted)
  if (found.length > 0 || pem === '') return found.map(writePem).join('')
  const lastBlock = blocksOf().at(-1)
  if (lastBlock === undefined) throw refuse('its value is not PEM')
  const lastLine = pem.slice(pem.lastIndexOf('\n', pem.length - 2) + 1).trimEnd()
  if (lastLine !== `-----END ${lastBlock.label}-----`)
    throw refuse('no block has this label, and text follows the last block')
  return ''
}
