/** Entra's client credentials grant, from the form to the access token. */

import { randomUUID } from 'node:crypto'
import { accessTokenIssuer, type SignedUpIdentity, type World } from '../world.ts'
import { checkAssertion } from './check-assertion.ts'
import { type EntraRefusal, refusals } from './entra-refusal.ts'
import { seconds } from './signer.ts'

export type Grant =
  | { readonly kind: 'granted'; readonly accessToken: string; readonly expiresInSeconds: number }
  | { readonly kind: 'refused'; readonly refusal: EntraRefusal }

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const scopeSuffix = '/.default'

/** Resources that every tenant has, so that a token for another audience can be had, and shown to a vault. */
const otherResources = [
  'https://management.azure.com',
  'https://graph.microsoft.com',
  'https://storage.azure.com',
]

export async function grantToken(
  world: World,
  tenant: string,
  form: URLSearchParams,
): Promise<Grant> {
  const refusal = refuseTenant(world, tenant) ?? refuseForm(form)
  if (refusal !== undefined) return refused(refusal)

  const clientId = form.get('client_id') ?? ''
  const identity = world.identities.get(clientId.toLowerCase())
  if (identity === undefined) return refused(refusals.unknownClient(clientId, tenant))
  const unproven = await refuseCredential(world, identity, form)
  if (unproven !== undefined) return refused(unproven)

  const resource = (form.get('scope') ?? '').slice(0, -scopeSuffix.length)
  if (![world.audience, ...otherResources].includes(resource))
    return refused(refusals.unknownResource(resource, tenant))
  return {
    kind: 'granted',
    accessToken: await accessToken(world, identity, resource),
    expiresInSeconds: world.tokenLifetimeSeconds,
  }
}

const refused = (refusal: EntraRefusal): Grant => ({ kind: 'refused', refusal })

export function refuseTenant({ tenantId }: World, tenant: string): EntraRefusal | undefined {
  if (tenant.toLowerCase() === tenantId) return undefined
  return /^[0-9a-z-]+(\.[0-9a-z-]+)*$/i.test(tenant)
    ? refusals.unknownTenant(tenant)
    : refusals.invalidTenant(tenant)
}

function refuseForm(form: URLSearchParams): EntraRefusal | undefined {
  const missing = ['grant_type', 'client_id', 'scope'].find((name) => !form.get(name))
  if (missing !== undefined) return refusals.missingParameter(missing)
  const grant = form.get('grant_type') ?? ''
  if (grant !== 'client_credentials') return refusals.unsupportedGrant(grant)
  const scope = form.get('scope') ?? ''
  return scope.endsWith(scopeSuffix) && !scope.includes(' ')
    ? undefined
    : refusals.invalidScope(scope)
}

async function refuseCredential(
  { defaultIssuer, keysOf, now }: World,
  identity: SignedUpIdentity,
  form: URLSearchParams,
): Promise<EntraRefusal | undefined> {
  const assertion = form.get('client_assertion')
  if (form.get('client_assertion_type') === assertionType && assertion)
    return await checkAssertion(assertion, { identity, defaultIssuer, keysOf, now: now() })
  return form.has('client_secret')
    ? refusals.wrongClientSecret(identity.clientId)
    : refusals.noClientCredential()
}

/** The claims of an application's v1 token that clients and Key Vault look at. */
function accessToken(
  { entraSigner, tenantId, tokenLifetimeSeconds, now }: World,
  { clientId, objectId }: SignedUpIdentity,
  audience: string,
): Promise<string> {
  const issued = seconds(now())
  return entraSigner.sign({
    aud: audience,
    iss: accessTokenIssuer(tenantId),
    iat: issued,
    nbf: issued,
    exp: issued + tokenLifetimeSeconds,
    appid: clientId,
    appidacr: '2',
    idp: accessTokenIssuer(tenantId),
    idtyp: 'app',
    oid: objectId,
    sub: objectId,
    tid: tenantId,
    uti: randomUUID(),
    ver: '1.0',
  })
}
