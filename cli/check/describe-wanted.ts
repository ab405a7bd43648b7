import type { WantedFile, WantedValue } from '../../init-agent/contract.ts'

/** A reference as one would write it. */
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
  return `${vault}:${kind}${name}${pinned}${selection}${decoded}${converted}${optional ? ', if there' : ''}`
}

/** A line of a description: what it is about, and what there is to say. */
export const row = (label: string, text: string): string => `${label.padEnd(10)} ${text}`
