import { buildChain } from '../../keyvault/formats/chain.ts'
import type { CpuBudget } from '../../keyvault/formats/cpu-budget.ts'
import type { KeyMaterial } from '../../keyvault/formats/key-material.ts'
import { readPem, writePem } from '../../keyvault/formats/pem.ts'
import { readPfx } from '../../keyvault/formats/pkcs12/pfx.ts'
import { toBytes } from './byte-string.ts'
import { TemplateError } from './template.ts'

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

/** The blocks of a PEM text that have this label, in either case. */
export function filterPem(label: string, pem: string): string {
  const blocks = readPem(pem)
  if (blocks.kind === 'invalid') throw new TemplateError(`filterPEM: ${blocks.problem}`)
  if (blocks.value.length === 0 && pem !== '')
    throw new TemplateError('filterPEM: its value is not PEM')
  return blocks.value
    .filter((block) => block.label.toLowerCase() === label.toLowerCase())
    .map(writePem)
    .join('')
}
