import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { isObject } from '../../../lib/shape.ts'
import type { CertificateData } from '../../data/data.ts'
import { type Imported, openPem, openPfx } from '../../material/open-certificate.ts'
import { changeIn, parseBody } from './secret-body.ts'

/**
 * Reads the body of a request that imports a certificate. Recognizes PEM by its content, because the JavaScript SDK leaves
 * out the policy that would name the format.
 */
export function readImportBody(text: string): Parsed<CertificateData> {
  const body = parseBody(text)
  if (body === undefined) return invalid('Request body not specified')
  const imported = open(body)
  if (imported === undefined)
    return invalid(
      'The specified PKCS#12 or PEM X.509 certificate content can not be read, or lacks its private key. Please check the password, too.',
    )
  const { enabled = true, tags } = changeIn(body)
  return valid({ ...imported, enabled, tags, exportable: isExportable(body['policy']) })
}

function open({ value, pwd }: Record<string, unknown>): Imported | undefined {
  if (typeof value !== 'string') return undefined
  if (value.includes('-----BEGIN ')) return openPem(value)
  return openPfx(value, typeof pwd === 'string' ? pwd : '')
}

function isExportable(policy: unknown): boolean {
  const properties = isObject(policy) ? policy['key_props'] : undefined
  return !isObject(properties) || properties['exportable'] !== false
}
