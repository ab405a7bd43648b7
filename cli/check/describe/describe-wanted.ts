import type { WantedFile, WantedValue } from '../../../init-agent/contract.ts'

/** A reference in the syntax of the annotations. */
export function describeWanted({
  object,
  property,
  encoding,
  format,
  optional,
}: WantedValue & Pick<WantedFile, 'format'>): string {
  const { vault, type, name, version } = object
  const kind = type === 'secret' ? '' : `${type}/`
  const selection = property === undefined ? '' : `#${property}`
  const decoded = encoding === undefined ? '' : `|${encoding}`
  const converted = format === undefined ? '' : ', PKCS#12 as PEM'
  const pinned = version === undefined ? '' : `@${version}`
  return `${vault}:${kind}${name}${pinned}${selection}${decoded}${converted}${optional ? ', optional' : ''}`
}

/** A line of a description: a label, and a text in the second column. */
export const row = (label: string, text: string): string => `${label.padEnd(10)} ${text}`
