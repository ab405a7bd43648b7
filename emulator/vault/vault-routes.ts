import type { FastifyReply, FastifyRequest } from 'fastify'
import { targetOf } from '../faults/fault-hook.ts'
import { type TlsApp, takeBodiesAsText } from '../http/tls-app.ts'
import {
  badParameter,
  forbiddenFor,
  type VaultRefusal,
  vaultBody,
  vaultNotFound,
} from '../refusals/vault-refusal.ts'
import { authenticate, isAllowed, type VaultCaller } from './check-access.ts'
import { certificateOperations } from './operations/certificate-operations.ts'
import { keyOperations } from './operations/key-operations.ts'
import type { Call, VaultOperation } from './operations/operation.ts'
import { secretOperations } from './operations/secret-operations.ts'
import type { Vault } from './store/stored-object.ts'
import { findVault } from './store/vault-store.ts'
import type { VaultService } from './vault-service.ts'

interface VaultRoute {
  Params: { vault: string; name?: string; version?: string }
  Body: string | undefined
  Querystring: Record<string, string | string[] | undefined>
}

const newestApiVersion = '2026-04-01'
const apiVersions: ReadonlySet<string> = new Set([
  ...['2015-06-01', '2016-10-01', '7.0', '7.1', '7.2', '7.3', '7.4', '7.5', '7.6'],
  ...['7.6-preview.2', '2025-06-01-preview', '2025-07-01', newestApiVersion],
])

/** Key Vault's data plane over HTTP: authenticates and authorizes the caller, then runs the operation. */
export function vaultRoutes(app: TlsApp, service: VaultService): void {
  // Bodies are parsed after authorization: the SDKs' first request announces JSON, but has an empty body.
  takeBodiesAsText(app)
  app.addHook('onRequest', async (request, reply) => {
    reply
      .header('cache-control', 'no-cache')
      .header('x-ms-request-id', request.id)
      .header('x-ms-keyvault-region', 'westeurope')
      .header('x-ms-keyvault-service-version', '1.9.0.0')
      .header('x-content-type-options', 'nosniff')
  })
  for (const operation of [...secretOperations, ...keyOperations, ...certificateOperations])
    app.route<VaultRoute>({
      method: operation.method,
      url: `/:vault${operation.path}`,
      handler: async (request, reply) => {
        const admitted = await admit(service, request, operation)
        const answer = 'refusal' in admitted ? admitted : await operation.run(admitted.call)
        if ('refusal' in answer) return refuse(service, reply, answer.refusal)
        return reply.code(answer.body === undefined ? 204 : 200).send(answer.body)
      },
    })
}

/** Checks in the service's order: vault, token, API version, role. Only an authorized caller learns which objects exist. */
async function admit(
  service: VaultService,
  request: FastifyRequest<VaultRoute>,
  operation: VaultOperation,
): Promise<{ readonly call: Call } | { readonly refusal: VaultRefusal }> {
  const { params, query } = request
  const vault = findVault(service.vaults, params.vault)
  if (vault === undefined) return { refusal: vaultNotFound(params.vault) }
  const authentication = await authenticate(service, request.headers.authorization)
  if (authentication.kind === 'unknown') return authentication
  const apiVersion = single(query['api-version'])
  const malformed = refuseApiVersion(apiVersion) ?? refuseName(params)
  if (malformed !== undefined) return { refusal: malformed }
  const refusal = refuseCaller(service, request, {
    vault,
    caller: authentication.caller,
    ...operation,
  })
  if (refusal !== undefined) return { refusal }
  return {
    call: {
      vault,
      name: params.name ?? '',
      version: params.version,
      outContentType: single(query['outContentType']),
      body: request.body ?? '',
      page: {
        url: `https://${request.host}${request.originalUrl.split('?')[0]}`,
        apiVersion: apiVersion ?? newestApiVersion,
        maxResults: single(query['maxresults']),
        skipToken: single(query['$skiptoken']),
      },
      now: service.now(),
    },
  }
}

interface AccessRequest extends Pick<VaultOperation, 'kind' | 'action'> {
  readonly vault: Vault
  readonly caller: VaultCaller
}

function refuseCaller(
  { faults }: VaultService,
  request: FastifyRequest<VaultRoute>,
  { vault, caller, kind, action }: AccessRequest,
): VaultRefusal | undefined {
  const [fault] = faults.take('authorization', targetOf(request))
  const attempt = {
    vault: vault.name,
    caller: caller.description,
    kind,
    action,
    name: request.params.name,
  }
  if (fault !== undefined) return forbiddenFor(fault.innerCode, attempt)
  return isAllowed(vault, caller, action) ? undefined : forbiddenFor('ForbiddenByRbac', attempt)
}

function refuseApiVersion(version?: string): VaultRefusal | undefined {
  if (version === undefined) return badParameter('api-version must be specified')
  return apiVersions.has(version)
    ? undefined
    : badParameter(
        `The specified version (${version}) is not recognized. Consider using the latest supported version (${newestApiVersion}).`,
      )
}

function refuseName({ name }: VaultRoute['Params']): VaultRefusal | undefined {
  return name === undefined || /^[0-9a-z-]{1,127}$/i.test(name)
    ? undefined
    : badParameter(`The request URI contains an invalid name: ${name}`)
}

const single = (found: string | string[] | undefined): string | undefined => [found].flat()[0]

/** A 401 has the challenge that tells the SDKs where to get a token, and for which resource. */
function refuse(
  { url, tenantId, audience }: VaultService,
  reply: FastifyReply,
  refusal: VaultRefusal,
) {
  if (refusal.status === 401)
    reply.header(
      'www-authenticate',
      `Bearer authorization="${url}/${tenantId}", resource="${audience}"${tokenError(refusal)}`,
    )
  return reply.code(refusal.status).send(vaultBody(refusal))
}

const tokenError = ({ message }: VaultRefusal) =>
  message.startsWith('AKV10000')
    ? ''
    : `, error="invalid_token", error_description="${message.replaceAll(/[^\x20-\x7e]|["\\]/g, "'")}"`
