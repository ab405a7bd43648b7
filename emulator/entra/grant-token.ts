import { randomUUID } from 'node:crypto'
import { type EntraRefusal, refusals } from '../refusals/entra-refusal.ts'
import { checkAssertion } from './check-assertion.ts'
import { seconds } from './signer.ts'
import { accessTokenIssuer, type RegisteredIdentity, type Tenant } from './tenant.ts'

type Grant =
  | { readonly kind: 'granted'; readonly accessToken: string; readonly expiresInSeconds: number }
  | { readonly kind: 'refused'; readonly refusal: EntraRefusal }

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const scopeSuffix = '/.default'

/** Resources that every tenant has, so that tests can present a token for another audience to a vault. */
const otherResources = [
  'https://management.azure.com',
  // What the Azure CLI asks for.
  'https://management.core.windows.net/',
  'https://graph.microsoft.com',
  'https://storage.azure.com',
]

/**
 * Entra's client credentials grant: reads the form, and issues the access token.
 *
 * @param isProven - the caller's token has been checked already
 */
export async function grantToken(
  tenant: Tenant,
  tenantName: string,
  form: URLSearchParams,
  isProven: boolean,
): Promise<Grant> {
  const refusal = refuseTenant(tenant, tenantName) ?? refuseForm(form)
  if (refusal !== undefined) return refused(refusal)

  const clientId = form.get('client_id') ?? ''
  const identity = tenant.identities.get(clientId.toLowerCase())
  if (identity === undefined) return refused(refusals.unknownClient(clientId, tenantName))
  const unproven = isProven ? undefined : await refuseCredential(tenant, identity, form)
  if (unproven !== undefined) return refused(unproven)

  const resource = (form.get('scope') ?? '').slice(0, -scopeSuffix.length)
  if (![tenant.audience, ...otherResources].includes(resource))
    return refused(refusals.unknownResource(resource, tenantName))
  return {
    kind: 'granted',
    accessToken: await accessToken(tenant, identity, resource),
    expiresInSeconds: tenant.tokenLifetimeSeconds,
  }
}

const refused = (refusal: EntraRefusal): Grant => ({ kind: 'refused', refusal })

export function refuseTenant({ tenantId }: Tenant, tenantName: string): EntraRefusal | undefined {
  if (tenantName.toLowerCase() === tenantId) return undefined
  return /^[0-9a-z-]+(\.[0-9a-z-]+)*$/i.test(tenantName)
    ? refusals.unknownTenant(tenantName)
    : refusals.invalidTenant(tenantName)
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
  { defaultIssuer, keysOf, now }: Tenant,
  identity: RegisteredIdentity,
  form: URLSearchParams,
): Promise<EntraRefusal | undefined> {
  const assertion = form.get('client_assertion')
  if (form.get('client_assertion_type') === assertionType && assertion)
    return await checkAssertion(assertion, { identity, defaultIssuer, keysOf, now: now() })
  return form.has('client_secret')
    ? refusals.wrongClientSecret(identity.clientId)
    : refusals.noClientCredential()
}

/** An application's v1 token, with the claims that clients and Key Vault read. */
function accessToken(
  { entraSigner, tenantId, tokenLifetimeSeconds, now }: Tenant,
  { clientId, objectId }: RegisteredIdentity,
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
