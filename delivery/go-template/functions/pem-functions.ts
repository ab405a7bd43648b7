import { readPem, writePem } from '../../../keyvault/formats/pem.ts'
import { TemplateError } from '../model/template.ts'

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
