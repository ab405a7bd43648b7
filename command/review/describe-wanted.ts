import type { SecretPattern, WantedFile, WantedValue } from '../../delivery/contract.ts'
import { printable } from '../../lib/printable.ts'

/** Writes a reference in the syntax of the annotations. */
export function describeWanted({
  object,
  property,
  encoding,
  format,
  optional,
  versionIndex,
  within,
  password,
}: WantedValue & Pick<WantedFile, 'format' | 'versionIndex' | 'within' | 'password'>): string {
  const { vault, type, name, version } = object
  const kind = type === 'secret' ? '' : `${type}/`
  const path = [within, property].filter((part) => part !== undefined).join('.')
  const selection = path === '' ? '' : `#${path}`
  const decoded = encoding === undefined ? '' : `|${encoding}`
  const pinned = version === undefined ? '' : `@${version}`
  const older =
    versionIndex === undefined ? '' : `, version ${versionIndex} of its history (0 is the newest)`
  const lock = password === undefined ? '' : `^${describeWanted({ object: password })}`
  return `${vault}:${kind}${name}${pinned}${lock}${selection}${decoded}${older}${partOf(format)}${optional ? ', optional' : ''}`
}

/**
 * Names the part of a certificate that a key of a TLS Secret holds. The format `pem` isn't mentioned: almost every
 * object of a class has it, and most hold no certificate.
 */
function partOf(format: WantedFile['format']): string {
  switch (format) {
    case 'tls.crt':
      return ', the certificates as PEM'
    case 'tls.key':
      return ', the private key as PEM'
    case 'jwk':
      return ', as a JSON Web Key'
    case 'der':
      return ', as DER'
    case 'tags':
      return ', its tags and dates'
    case 'pem':
    case undefined:
      return ''
    default:
      return format satisfies never
  }
}

/** Says what a find of annotations looks for. */
export function describePattern({
  vault,
  pattern,
  tags = {},
  includesCertificates,
  optional,
}: SecretPattern & { readonly vault: string; readonly optional?: true }): string {
  const withTags = Object.entries(tags).map(([tag, value]) => `, tag ${tag}=${value}`)
  return printable(
    `all secrets of ${vault} that match ${pattern}${withTags.join('')}${includesCertificates ? ', also those of certificates' : ''}${optional ? ', optional' : ''}`,
    400,
  )
}

/** A line of a description, with a label and, in the second column, a text. */
export const row = (label: string, text: string): string => `${label.padEnd(10)} ${text}`
