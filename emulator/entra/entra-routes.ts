/** Entra over HTTP: discovery, keys, tokens; and the emulator's own issuer of service account tokens. */

import { randomUUID } from 'node:crypto'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { targetOf } from '../faults/fault-hook.ts'
import { type TlsApp, takeBodiesAsText } from '../http/tls-app.ts'
import { type EntraRefusal, refusalBody, refusals } from '../refusals/entra-refusal.ts'
import { emulatedRefusal } from './check-assertion.ts'
import { grantToken, refuseTenant } from './grant-token.ts'
import type { Tenant } from './tenant.ts'

export interface TenantRoute {
  Params: { tenant: string }
  Body: string | undefined
}

const discovery = '.well-known/openid-configuration'

export function entraRoutes(app: TlsApp, tenant: Tenant): void {
  // A form that can't be parsed has no parameters; other errors are the emulator's.
  app.setErrorHandler(({ statusCode = 500 }: FastifyError, request, reply) =>
    statusCode < 500
      ? refuse(request, reply, refusals.missingParameter('grant_type'))
      : refuse(request, reply, refusals.transient()),
  )
  takeBodiesAsText(app)
  const refuse = refuser(tenant)

  app.post<TenantRoute>('/:tenant/oauth2/v2.0/token', (request, reply) =>
    answerTokenRequest(tenant, request, reply),
  )

  discoveryRoute(app, tenant)
  app.get<TenantRoute>('/:tenant/discovery/v2.0/keys', async (request, reply) => {
    const refusal = refuseTenant(tenant, request.params.tenant)
    return refusal === undefined ? tenant.entraSigner.jwks : refuse(request, reply, refusal)
  })
  app.get('/common/discovery/instance', async () => instanceDiscovery(tenant))
}

/** SDKs ask for it before a token, unless they know the authority. The token proxy passes it on, too. */
export function discoveryRoute(app: TlsApp, tenant: Tenant): void {
  app.get<TenantRoute>(`/:tenant/v2.0/${discovery}`, async (request, reply) => {
    const refusal = refuseTenant(tenant, request.params.tenant)
    return refusal === undefined
      ? tenantDiscovery(tenant.url, request.params.tenant)
      : refuser(tenant)(request, reply, refusal)
  })
}

const refuser =
  (tenant: Tenant) => (request: FastifyRequest, reply: FastifyReply, refusal: EntraRefusal) =>
    reply.code(refusal.status).send(refusalBody(refusal, tenant.now(), correlationId(request)))

/** @param isProven - the token proxy has checked the caller's token already */
export async function answerTokenRequest(
  tenant: Tenant,
  request: FastifyRequest<TenantRoute>,
  reply: FastifyReply,
  isProven = false,
) {
  const grant = await grantOrFault(tenant, request, isProven)
  reply.header('cache-control', 'no-store, no-cache').header('pragma', 'no-cache')
  if (grant.kind === 'refused') return refuser(tenant)(request, reply, grant.refusal)
  return {
    token_type: 'Bearer',
    expires_in: grant.expiresInSeconds,
    ext_expires_in: grant.expiresInSeconds,
    access_token: grant.accessToken,
  }
}

/** Grants a token, unless a fault was injected for this request. */
async function grantOrFault(
  tenant: Tenant,
  request: FastifyRequest<TenantRoute>,
  isProven: boolean,
) {
  const form = new URLSearchParams(request.body ?? '')
  const [fault] = tenant.faults.take('token', targetOf(request))
  if (fault === undefined) return await grantToken(tenant, request.params.tenant, form, isProven)
  const assertion = form.get('client_assertion') ?? ''
  const clientId = form.get('client_id') ?? ''
  const refusal = emulatedRefusal(fault.code, { assertion, clientId })
  return { kind: 'refused', refusal } as const
}

/** The documents that an API server publishes for verifying its tokens. */
export function issuerRoutes(app: TlsApp, tenant: Tenant): void {
  app.get(`/issuer/${discovery}`, async () => ({
    issuer: tenant.ownIssuer,
    jwks_uri: `${tenant.ownIssuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }))
  app.get('/issuer/openid/v1/jwks', async () => tenant.issuerSigner.jwks)
}

function tenantDiscovery(url: string, tenant: string) {
  const base = `${url}/${tenant}`
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'private_key_jwt',
      'client_secret_basic',
    ],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/v2.0`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'ver'],
    tenant_region_scope: 'EU',
  }
}

/** MSAL asks which host names belong to the same cloud, unless instance discovery is disabled. */
function instanceDiscovery({ url, tenantId }: Tenant) {
  const { host } = new URL(url)
  return {
    tenant_discovery_endpoint: `${url}/${tenantId}/v2.0/${discovery}`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  }
}

/** Entra returns the caller's ID if it is a UUID. */
function correlationId(request: FastifyRequest): string {
  const given = request.headers['client-request-id']
  return typeof given === 'string' && /^[0-9a-f-]{36}$/i.test(given) ? given : randomUUID()
}
