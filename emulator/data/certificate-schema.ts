import { z } from 'zod'
import { isSubject } from '../material/issue-certificate.ts'
import { type Imported, openPem, openPfx } from '../material/open-certificate.ts'
import {
  type CertificateSpec,
  certificateContentTypes,
  type ImportedCertificate,
  type KeySpec,
} from '../material/specs.ts'
import {
  flag,
  list,
  mapping,
  maybe,
  secretText,
  validText,
  wholeNumber,
  withDefault,
  word,
} from '../schema/schema-parts.ts'
import type { CertificateData } from './data.ts'
import { keySpecShape, toKeySpec } from './key-schema.ts'
import { type Fields, objectsOf, type ReportProblem, versionShape } from './object-schema.ts'

const maxLifetimeDays = 36_500
const maxIntermediates = 5
const defaultLifetimeDays = 365

const issuer = z.union([
  word(['self']),
  mapping({
    intermediates: withDefault(wholeNumber(0, maxIntermediates), 1),
    root: withDefault(flag, true),
  }),
])

const pfxForm =
  'a PKCS#12 file in base64 (up to 25 KiB), with an empty password, that holds an RSA or EC key and its certificate'
const pemForm = 'PEM (up to 25 KiB) that holds an RSA or EC key and its certificate'

/** PKCS#12 and PEM contain a private key, so messages never repeat them. */
const importedFrom = (form: string, open: (content: string) => Imported | undefined) =>
  secretText(form).transform((content, context): Imported => {
    const imported = open(content)
    if (imported !== undefined) return imported
    context.addIssue(`this is not ${form}`)
    return z.NEVER
  })

const shape = {
  ...versionShape,
  subject: maybe(validText('a distinguished name such as CN=web.example, O=Contoso', isSubject)),
  dnsNames: maybe(list(validText('a DNS name', (name) => /^[0-9a-z*._-]{1,253}$/i.test(name)))),
  ...keySpecShape,
  issuer: maybe(issuer),
  lifetimeDays: maybe(wholeNumber(1, maxLifetimeDays)),
  contentType: maybe(word(certificateContentTypes)),
  exportable: maybe(flag),
  pfx: maybe(importedFrom(pfxForm, (pfx) => openPfx(pfx.replaceAll(/\s/g, ''), ''))),
  pem: maybe(importedFrom(pemForm, openPem)),
}
type CertificateFields = Fields<typeof shape>

/** Certificates in the vault file: to generate, or imported as `pfx` or `pem`. */
export const certificatesSchema = objectsOf({ kind: 'certificate', shape, toVersion, complete })

/** A version before the defaults that depend on the object's name are filled in. */
type Draft = Omit<CertificateData, 'certificate'> & {
  readonly certificate: DraftSpec | ImportedCertificate
}
type DraftSpec = Omit<CertificateSpec, 'subject' | 'dnsNames'> &
  Partial<Pick<CertificateSpec, 'subject' | 'dnsNames'>>

function complete({ certificate, ...rest }: Draft, name: string): CertificateData {
  if ('value' in certificate) return { ...rest, certificate }
  const { subject = `CN=${name}`, dnsNames = [name] } = certificate
  return { ...rest, certificate: { ...certificate, subject, dnsNames } }
}

function toVersion(found: CertificateFields, report: ReportProblem): Draft | undefined {
  const { pfx, pem } = found
  if (pfx !== undefined && pem !== undefined) {
    report('found both "pfx" and "pem"; accepted: one of them')
    return undefined
  }
  const imported = pfx ?? pem
  return imported === undefined ? toMake(found, report) : toImport(found, imported, report)
}

function toMake(
  { subject, dnsNames, type, size, curve, issuer, lifetimeDays, ...rest }: CertificateFields,
  report: ReportProblem,
): Draft | undefined {
  const key = certificateKey(toKeySpec({ type, size, curve }, report), report)
  if (key === undefined) return undefined
  const isHsm = key.type.endsWith('-HSM')
  const { exportable = !isHsm, contentType = 'application/x-pkcs12', pfx, pem, ...version } = rest
  const { notBefore, expires, enabled = true } = version
  if (exportable && isHsm)
    report(`a key of type ${type} can't be exportable; leave it out`, 'exportable')
  else if (notBefore !== undefined && expires !== undefined && notBefore >= expires)
    report(`must be later than "notBefore"`, 'expires')
  else {
    const certificate: DraftSpec = {
      ...(subject === undefined ? {} : { subject }),
      ...(dnsNames === undefined ? {} : { dnsNames }),
      key,
      issuer: issuer ?? 'self',
      lifetimeDays: lifetimeDays ?? defaultLifetimeDays,
    }
    return { ...version, enabled, exportable, contentType, certificate }
  }
  return undefined
}

/** A certificate needs an RSA key, or an EC key on a curve that TLS supports. */
function certificateKey(
  key: KeySpec | undefined,
  report: ReportProblem,
): CertificateSpec['key'] | undefined {
  if (key === undefined) return undefined
  if (!('size' in key) && !('curve' in key))
    report(`found "${key.type}"; accepted: RSA, RSA-HSM, EC, EC-HSM`, 'type')
  else if ('curve' in key && key.curve === 'P-256K')
    report('found "P-256K"; accepted: P-256, P-384, P-521', 'curve')
  else return key
  return undefined
}

/** The properties that an imported certificate determines itself. */
const setByImport = [
  ...['subject', 'dnsNames', 'type', 'size', 'curve', 'issuer', 'lifetimeDays'],
  ...['expires', 'notBefore', 'contentType'],
] as const satisfies readonly (keyof CertificateFields)[]

function toImport(
  found: CertificateFields,
  imported: Imported,
  report: ReportProblem,
): Draft | undefined {
  const stray = setByImport.filter((name) => found[name] !== undefined)
  if (stray.length > 0) {
    report(`${stray.join(', ')}: the imported certificate determines this; leave it out`)
    return undefined
  }
  const { version, tags, enabled = true, created, exportable = true } = found
  return { version, tags, enabled, created, exportable, ...imported }
}
