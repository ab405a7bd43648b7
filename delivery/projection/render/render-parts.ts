import type { FetchedObject, FetchedSecret } from '../../../keyvault/clients/object-client.ts'
import { countOf } from '../../../lib/count-of.ts'
import type { Wanted } from '../../contract.ts'
import type { Target } from '../../destination.ts'
import { keyStorePassword } from './key-store-password.ts'
import {
  certificatePem,
  renderCertificate,
  renderPfx,
  renderTlsFiles,
} from './render-certificates.ts'
import {
  createRenderContext,
  decode,
  type RenderContext,
  renderError,
  type TargetPart,
  targetCost,
  valueOrThrow,
} from './render-context.ts'
import { readProperty, renderProperties } from './render-properties.ts'
import { renderAllTags, renderTags } from './render-tags.ts'

/**
 * Makes the parts of a target. The code for certificates, keys and JSON is loaded on first use: most pods need none of it.
 *
 * @param found - one object, or the versions of its history
 * @param password - the secret that is the password of a key store
 * @throws AkvError that names the object, and never shows a value
 */
export async function renderParts(
  target: Target,
  found: readonly [FetchedObject, ...FetchedObject[]],
  context = createRenderContext(),
  password?: FetchedObject,
): Promise<readonly TargetPart[]> {
  const { object, property, versions, versionIndex } = target
  if (target.password !== undefined && password !== undefined) {
    const text = keyStorePassword(password, target.password)
    const parts = { secret: secretOf(found[0]), password: text }
    return [{ bytes: await renderPfx(target, parts, context) }]
  }
  if (object.type === 'tls') return await renderTlsFiles(target, secretOf(found[0]), context)
  if (property === '*' && target.format === 'tags')
    return await renderAllTags(target, found[0], context)
  if (property === '*') return await renderProperties(target, secretOf(found[0]), context)
  if (versions === undefined) return [{ bytes: await renderValue(target, found[0], context) }]
  if (versionIndex !== undefined)
    return [{ bytes: await renderValue(target, versionAt(found, target), context) }]
  const parts: TargetPart[] = []
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

/** Estimated CPU time in microseconds for each character of a value. */
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
        ? renderPfx(wanted, { secret: found, password: '' }, context)
        : renderSecret(wanted, found, context)
    case 'key': {
      budget.charge(keyCost)
      const { jwkText, publicKeyPem } = await import('../../../keyvault/formats/public-key.ts')
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
  const { tlsPart } = await import('../../../keyvault/certificates/tls-part.ts')
  const part = tlsPart(Buffer.from(bytes).toString(), wanted.format, context.budget)
  const code = wanted.format === 'tls.key' ? 'AKV_KEY_NOT_EXPORTABLE' : 'AKV_CERTIFICATE'
  return Buffer.from(valueOrThrow(part, wanted, code))
}

function secretOf(found: FetchedObject): FetchedSecret {
  if (found.kind !== 'secret') throw new TypeError(`expected a secret, found a ${found.kind}`)
  return found
}
