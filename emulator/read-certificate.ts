/** Certificates in the data file: to be made, or given as `pfx` or `pem`. */

import {
  type CertificateData,
  type CertificateIssuer,
  type CertificateSpec,
  certificateContentTypes,
} from './data.ts'
import { isSubject } from './issue-certificate.ts'
import { type Imported, openPem, openPfx } from './open-certificate.ts'
import { keySpecFields, toKeySpec } from './read-key.ts'
import { type ObjectFormat, versionFields } from './read-object.ts'
import {
  andThen,
  flag,
  listOf,
  optional,
  type Read,
  type Result,
  record,
  text,
  wholeNumber,
  withDefault,
  word,
  wrongKind,
} from './read-value.ts'

const maxLifetimeDays = 36_500
const maxIntermediates = 5
const defaultLifetimeDays = 365

const readChain = record({
  intermediates: withDefault(wholeNumber(0, maxIntermediates), 1),
  root: withDefault(flag, true),
})
const issuer: Read<CertificateIssuer> = (found, at) =>
  typeof found === 'string' ? word('self')(found, at) : readChain(found, at)

const specFields = {
  subject: optional(text('a distinguished name such as CN=web.example, O=Contoso', isSubject)),
  dnsNames: optional(listOf(text('a DNS name', (found) => /^[0-9a-z*._-]{1,253}$/i.test(found)))),
  ...keySpecFields,
  issuer: optional(issuer),
  lifetimeDays: optional(wholeNumber(1, maxLifetimeDays)),
}
const fields = {
  ...versionFields,
  ...specFields,
  contentType: optional(word(...certificateContentTypes)),
  exportable: optional(flag),
  pfx: optional(readPfx),
  pem: optional(readPem),
}
const readFields = record(fields)
type Fields = Extract<ReturnType<typeof readFields>, { value: unknown }>['value']

export const certificateFormat: ObjectFormat<CertificateData> = {
  kind: 'certificate',
  fields,
  readVersion: (name) =>
    andThen(readFields, (found, at) => {
      const { pfx, pem } = found
      if (pfx !== undefined && pem !== undefined)
        return { problems: [`${at}: "pfx" beside "pem"; accepted: one of them`] }
      const imported = pfx ?? pem
      return imported === undefined ? toMake(found, name, at) : toImport(found, imported, at)
    }),
}

/** PKCS#12 in base64. Like {@link readPem} it repeats nothing: there is a private key in it. */
function readPfx(found: unknown, at: string): Result<Imported> {
  if (typeof found !== 'string') return wrongKind(at, found, pfxForm)
  const value = openPfx(found.replaceAll(/\s/g, ''), '')
  return value === undefined ? { problems: [`${at}: this is not ${pfxForm}`] } : { value }
}
const pfxForm =
  'a PKCS#12 file in base64 (up to 25 KiB), with an empty password, that holds an RSA or EC key and its certificate'

function readPem(found: unknown, at: string): Result<Imported> {
  if (typeof found !== 'string') return wrongKind(at, found, pemForm)
  const value = openPem(found)
  return value === undefined ? { problems: [`${at}: this is not ${pemForm}`] } : { value }
}
const pemForm = 'PEM (up to 25 KiB) that holds an RSA or EC key and its certificate'

function toMake(
  { subject, dnsNames, type, size, curve, issuer, lifetimeDays, ...rest }: Fields,
  name: string,
  at: string,
): Result<CertificateData> {
  const key = toKeySpec({ type, size, curve }, at)
  if ('problems' in key) return key
  if (!('size' in key.value) && !('curve' in key.value))
    return { problems: [`${at}.type: found "${type}"; accepted: RSA, RSA-HSM, EC, EC-HSM`] }
  if ('curve' in key.value && key.value.curve === 'P-256K')
    return { problems: [`${at}.curve: found "P-256K"; accepted: P-256, P-384, P-521`] }
  const isHsm = key.value.type.endsWith('-HSM')
  const { exportable = !isHsm, contentType = 'application/x-pkcs12', pfx, pem, ...version } = rest
  if (exportable && isHsm)
    return { problems: [`${at}.exportable: a key of type ${type} can't be; leave it out`] }
  const { notBefore, expires } = version
  if (notBefore !== undefined && expires !== undefined && notBefore >= expires)
    return { problems: [`${at}.expires: it isn't after "notBefore"`] }
  const certificate: CertificateSpec = {
    subject: subject ?? `CN=${name}`,
    dnsNames: dnsNames ?? [name],
    key: key.value,
    issuer: issuer ?? 'self',
    lifetimeDays: lifetimeDays ?? defaultLifetimeDays,
  }
  return { value: { ...version, exportable, contentType, certificate } }
}

/** What a certificate that was made elsewhere says of itself. */
const toldByImport = [
  ...['subject', 'dnsNames', 'type', 'size', 'curve', 'issuer', 'lifetimeDays'],
  ...['expires', 'notBefore', 'contentType'],
] as const satisfies readonly (keyof Fields)[]

function toImport(found: Fields, imported: Imported, at: string): Result<CertificateData> {
  const stray = toldByImport.filter((name) => found[name] !== undefined)
  if (stray.length > 0)
    return {
      problems: [`${at}: ${stray.join(', ')}: "pfx" and "pem" say that themselves; leave it out`],
    }
  const { version, tags, enabled, created, exportable = true } = found
  return { value: { version, tags, enabled, created, exportable, ...imported } }
}
