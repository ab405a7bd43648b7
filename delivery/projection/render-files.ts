import type { FetchedObject, FetchedSecret } from '../../keyvault/clients/object-client.ts'
import { decodeValue } from '../../keyvault/formats/encoding.ts'
import type { JsonDocument } from '../../keyvault/formats/property.ts'
import { propertyNumber } from '../../keyvault/formats/property-number.ts'
import { describeObject } from '../../keyvault/reference.ts'
import { countOf } from '../../lib/count-of.ts'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import type { Parsed } from '../../lib/problems/parsed.ts'
import type { Wanted, WantedValue } from '../contract.ts'
import { type Destination, partOf, type Target } from '../destination.ts'
import { targetPathProblem } from '../target-path.ts'

/** The context that all targets of one projection share. */
export interface RenderContext {
  /** How many properties "#*" may find. */
  readonly maxProperties: number
  readonly budget: CpuBudget
  /** Parsed JSON values, so that a value is parsed once for all its targets. */
  readonly documents: WeakMap<FetchedSecret, Parsed<JsonDocument>>
}

export const createRenderContext = ({
  maxProperties = Number.POSITIVE_INFINITY,
  budget = createCpuBudget(),
}: Partial<Omit<RenderContext, 'documents'>> = {}): RenderContext => ({
  maxProperties,
  budget,
  documents: new WeakMap(),
})

/** What a target gives. Without a name, it is all of it. */
interface Part {
  readonly name?: string
  readonly bytes: Uint8Array
}

/**
 * Makes the parts of a target. The code for certificates, keys and JSON is loaded on first use: most pods need none of it.
 *
 * @param found - one object, or the versions of its history
 * @throws AkvError that names the object, and never shows a value
 */
export async function renderParts(
  target: Target,
  found: readonly [FetchedObject, ...FetchedObject[]],
  context = createRenderContext(),
): Promise<readonly Part[]> {
  const { object, property, versions, versionIndex } = target
  if (object.type === 'tls') return await renderTlsFiles(target, secretOf(found[0]), context)
  if (property === '*' && target.format === 'tags')
    return await renderAllTags(target, found[0], context)
  if (property === '*') return await renderProperties(target, secretOf(found[0]), context)
  if (versions === undefined) return [{ bytes: await renderValue(target, found[0], context) }]
  if (versionIndex !== undefined)
    return [{ bytes: await renderValue(target, versionAt(found, target), context) }]
  const parts: Part[] = []
  for (const [index, version] of found.slice(0, versions).entries())
    parts.push({ name: `${index}`, bytes: await renderValue(target, version, context) })
  return parts
}

function versionAt(
  found: readonly FetchedObject[],
  { versionIndex = 0, ...wanted }: Target,
): FetchedObject {
  const version = found[versionIndex]
  if (version !== undefined) return version
  throw renderError(wanted, {
    code: 'AKV_OBJECT_NOT_FOUND',
    problem: `number ${versionIndex} of its history is requested, where the newest version has number 0, but the vault has only ${countOf(found.length, 'enabled version')}`,
  })
}

/** Estimated CPU time in microseconds, for a target and for each character of its value. */
const targetCost = 5
const characterCost = 0.02
/** Microseconds to parse a public key or a certificate. */
const keyCost = 200

/** Makes the one value of a target that isn't a folder. */
export async function renderValue(
  wanted: Omit<Wanted, 'versions'>,
  found: FetchedObject,
  context = createRenderContext(),
): Promise<Uint8Array> {
  const { budget } = context
  if (wanted.format === 'tags') return await renderTags(wanted, found, context)
  switch (found.kind) {
    case 'secret':
      budget.charge(targetCost)
      if (wanted.property === undefined) budget.charge(found.value.length * characterCost)
      return wanted.object.type === 'pfx'
        ? renderPfx(wanted, found, context)
        : renderSecret(wanted, found, context)
    case 'key': {
      budget.charge(keyCost)
      const { jwkText, publicKeyPem } = await import('../../keyvault/formats/public-key.ts')
      const write = wanted.format === 'jwk' ? jwkText : publicKeyPem
      return Buffer.from(valueOrThrow(write(found.jwk), wanted, 'AKV_KEY_TYPE'))
    }
    case 'certificate':
      budget.charge(keyCost)
      return wanted.format === 'der' ? found.der : renderCertificate(wanted, found.der)
    default:
      return found satisfies never
  }
}

async function renderSecret(
  wanted: Omit<Wanted, 'versions'>,
  secret: FetchedSecret,
  context: RenderContext,
): Promise<Uint8Array> {
  if (wanted.property !== undefined)
    return decode(
      await readProperty(secret, { ...wanted, property: wanted.property }, context),
      wanted,
    )
  if (wanted.format === undefined) return decode(secret.value, wanted)
  const pem = secret.isCertificate ? await certificatePem(secret, wanted, context) : secret.value
  const bytes = decode(pem, wanted)
  if (wanted.format !== 'tls.crt' && wanted.format !== 'tls.key') return bytes
  const { tlsPart } = await import('../../keyvault/certificates/tls-part.ts')
  const part = tlsPart(Buffer.from(bytes).toString(), wanted.format, context.budget)
  const code = wanted.format === 'tls.key' ? 'AKV_KEY_NOT_EXPORTABLE' : 'AKV_CERTIFICATE'
  return Buffer.from(valueOrThrow(part, wanted, code))
}

async function certificatePem(
  secret: FetchedSecret,
  wanted: WantedValue,
  { budget }: RenderContext,
): Promise<string> {
  const { certificateSecretPem } = await import('../../keyvault/certificates/certificate-secret.ts')
  return valueOrThrow(await certificateSecretPem(secret, budget), wanted, 'AKV_CERTIFICATE')
}

async function readProperty(
  secret: FetchedSecret,
  wanted: Omit<Wanted, 'versions'> & { readonly property: string },
  context: RenderContext,
): Promise<string> {
  const { pickProperty } = await import('../../keyvault/formats/property.ts')
  const document = valueOrThrow(await jsonDocumentOf(secret, context), wanted, 'AKV_PROPERTY')
  const { property, propertyLookup: lookup = 'annotation' } = wanted
  const picked = pickProperty(document, property, { budget: context.budget, lookup })
  const isAbsent = 'isAbsent' in picked
  return valueOrThrow(picked, wanted, isAbsent ? 'AKV_PROPERTY_ABSENT' : 'AKV_PROPERTY')
}

async function jsonDocumentOf(
  secret: FetchedSecret,
  { documents, budget }: RenderContext,
): Promise<Parsed<JsonDocument>> {
  const { readJsonDocument } = await import('../../keyvault/formats/property.ts')
  const document = documents.get(secret) ?? readJsonDocument(secret.value, budget)
  documents.set(secret, document)
  return document
}

/** The JSON whose properties are wanted: the whole value, or what one property of it contains, which may be JSON in a string. */
async function wholeDocument(
  secret: FetchedSecret,
  wanted: Target,
  context: RenderContext,
): Promise<Parsed<JsonDocument>> {
  if (wanted.within === undefined) return await jsonDocumentOf(secret, context)
  const inside = { ...wanted, property: wanted.within, propertyLookup: 'gjson' } as const
  const text = await readProperty(secret, inside, context)
  const { readJsonDocument } = await import('../../keyvault/formats/property.ts')
  return readJsonDocument(text, context.budget)
}

async function renderProperties(
  wanted: Target,
  secret: FetchedSecret,
  context: RenderContext,
): Promise<readonly Part[]> {
  const { maxProperties, budget } = context
  const { allProperties } = await import('../../keyvault/formats/property.ts')
  const document = valueOrThrow(
    await wholeDocument(secret, wanted, context),
    wanted,
    'AKV_PROPERTY',
  )
  const all = valueOrThrow(allProperties(document, budget), wanted, 'AKV_PROPERTY')
  if (all.length > maxProperties)
    throw renderError(wanted, {
      code: 'AKV_PROPERTY',
      problem: `the value has more than ${maxProperties} properties, which is too many for "#*"; name the properties that are needed`,
    })
  budget.charge(all.length * targetCost)
  return all.map(({ name, value }, index) => {
    const problem = fileNameProblem(wanted.to, name)
    if (problem !== undefined)
      throw renderError(wanted, {
        code: 'AKV_PROPERTY',
        problem: `the name of ${propertyNumber(index)} can't be a file name: ${problem}`,
      })
    return { name, bytes: decode(value, wanted) }
  })
}

/** Keys of Secrets have rules of their own, which are checked when the Secret is made. */
function fileNameProblem(to: Destination, name: string): string | undefined {
  const part = partOf(to, name)
  if (part.kind !== 'file') return undefined
  return name.includes('/') ? 'it contains a slash' : targetPathProblem(part.path)
}

async function renderTags(
  wanted: Omit<Wanted, 'versions'>,
  found: FetchedObject,
  { budget }: RenderContext,
): Promise<Uint8Array> {
  const { pickTag, tagsText } = await import('./object-tags.ts')
  budget.charge(targetCost)
  if (wanted.property === undefined) return Buffer.from(tagsText(found, budget))
  const picked = pickTag(found, wanted.property, budget)
  return Buffer.from(valueOrThrow(picked, wanted, 'AKV_PROPERTY_ABSENT'))
}

async function renderAllTags(
  wanted: Target,
  found: FetchedObject,
  { budget, maxProperties }: RenderContext,
): Promise<readonly Part[]> {
  const { namedTags } = await import('./object-tags.ts')
  budget.charge(targetCost)
  const named = namedTags(found, { name: wanted.object.name, property: wanted.within, budget })
  const tags = valueOrThrow(named, wanted, 'AKV_PROPERTY')
  if (tags.size > maxProperties)
    throw renderError(wanted, {
      code: 'AKV_PROPERTY',
      problem: `its tags give more than ${maxProperties} keys`,
    })
  return [...tags].map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
}

async function renderTlsFiles(
  wanted: WantedValue,
  secret: FetchedSecret,
  { budget }: RenderContext,
): Promise<readonly Part[]> {
  const [{ readCertificateSecret }, { tlsFiles }] = await Promise.all([
    import('../../keyvault/certificates/certificate-secret.ts'),
    import('../../keyvault/certificates/tls-files.ts'),
  ])
  const { keys } = valueOrThrow(
    await readCertificateSecret(secret, budget),
    wanted,
    'AKV_CERTIFICATE',
  )
  const code = keys.length === 0 ? 'AKV_KEY_NOT_EXPORTABLE' : 'AKV_CERTIFICATE'
  const files = valueOrThrow(await tlsFiles(secret, budget), wanted, code)
  return Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
}

async function renderPfx(
  wanted: WantedValue,
  secret: FetchedSecret,
  { budget }: RenderContext,
): Promise<Uint8Array> {
  const { certificatePfx, readCertificateSecret } = await import(
    '../../keyvault/certificates/certificate-secret.ts'
  )
  const { keys } = valueOrThrow(
    await readCertificateSecret(secret, budget),
    wanted,
    'AKV_CERTIFICATE',
  )
  if (keys.length === 0)
    throw renderError(wanted, {
      code: 'AKV_KEY_NOT_EXPORTABLE',
      problem: 'the vault does not release the private key',
    })
  return valueOrThrow(await certificatePfx(secret, budget), wanted, 'AKV_CERTIFICATE')
}

async function renderCertificate(wanted: WantedValue, der: Uint8Array): Promise<Uint8Array> {
  const [{ readCertificate }, { writePem }] = await Promise.all([
    import('../../keyvault/formats/key-material.ts'),
    import('../../keyvault/formats/pem.ts'),
  ])
  if (readCertificate(der) !== undefined)
    return Buffer.from(writePem({ label: 'CERTIFICATE', der }))
  throw renderError(wanted, {
    code: 'AKV_CERTIFICATE',
    problem: "the vault's answer is not a valid X.509 certificate",
  })
}

function decode(value: string, wanted: WantedValue): Uint8Array {
  return valueOrThrow(decodeValue(value, wanted.encoding ?? 'utf-8'), wanted, 'AKV_ENCODING')
}

function secretOf(found: FetchedObject): FetchedSecret {
  if (found.kind !== 'secret') throw new TypeError(`expected a secret, found a ${found.kind}`)
  return found
}

function valueOrThrow<T>(parsed: Parsed<T>, wanted: WantedValue, code: AkvErrorCode): T {
  if (parsed.kind === 'invalid') throw renderError(wanted, { code, problem: parsed.problem })
  return parsed.value
}

const renderError = (
  { object }: WantedValue,
  { code, problem }: { readonly code: AkvErrorCode; readonly problem: string },
): AkvError => new AkvError(code, `${describeObject(object)}: ${problem}`)
