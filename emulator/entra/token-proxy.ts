/** The token proxy in the API server of an AKS cluster. What AKS itself answers isn't documented, so its refusals are assumed. */

import { createHash } from 'node:crypto'
import { type AddressInfo, isIPv6 } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { FastifyReply } from 'fastify'
import { type IssuedPem, issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { bindingAudience } from '../../lib/azure/token-audience.ts'
import { injectFaults } from '../faults/fault-hook.ts'
import { logRequests, type SeenRequest } from '../http/request-log.ts'
import { createTlsApp, type TlsApp, takeBodiesAsText } from '../http/tls-app.ts'
import type { EntraRefusal } from '../refusals/entra-refusal.ts'
import { checkAssertion } from './check-assertion.ts'
import { answerTokenRequest, discoveryRoute, type TenantRoute } from './entra-routes.ts'
import type { Tenant } from './tenant.ts'

interface TokenProxyOptions {
  /** Names the cluster in the API server's certificate. */
  readonly clusterId: string
  readonly listen: { readonly host: string; readonly port: number }
  /** The API server's addresses besides 127.0.0.1. */
  readonly ipAddresses: readonly string[]
}

/** A refusal of the proxy itself, in the form of the API server's others. */
interface ProxyRefusal {
  readonly status: number
  readonly reason: string
  readonly message: string
}

/** Starts the API server's port. It is the token proxy only for connections that ask for its server name. */
export async function startTokenProxy(tenant: Tenant, options: TokenProxyOptions) {
  const { clusterId, listen, ipAddresses } = options
  const serverName = serverNameOf(clusterId)
  let issued = await issueCertificates(serverName, options)
  const app = createTlsApp(issued.apiServer)
  const serveProxy = ({ certificatePem: cert, keyPem: key }: IssuedPem) =>
    app.server.addContext(serverName, { cert, key })
  serveProxy(issued.proxy)
  const requests: readonly SeenRequest[] = logRequests(app, tenant.now)
  app.addHook('onRequest', async ({ raw }, reply) => {
    const { servername } = raw.socket as TLSSocket & { readonly servername?: string }
    if (servername !== serverName)
      return refuse(reply, { status: 401, reason: 'Unauthorized', message: 'Unauthorized' })
  })
  injectFaults(app, tenant)
  addRoutes(app, tenant)
  await app.listen(listen)
  const { port } = app.server.address() as AddressInfo
  const host = ipAddresses[0] ?? '127.0.0.1'
  return {
    url: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    serverName,
    /** The cluster's authority. */
    caPem: issued.caPem,
    requests,
    /** Replaces the cluster's authority, and returns the new one. Open connections end. */
    async rotateAuthority(): Promise<string> {
      issued = await issueCertificates(serverName, options)
      const { certificatePem: cert, keyPem: key } = issued.apiServer
      app.server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' })
      serveProxy(issued.proxy)
      app.server.closeAllConnections()
      return issued.caPem
    },
    close: () => app.close(),
  }
}

function addRoutes(app: TlsApp, tenant: Tenant): void {
  takeBodiesAsText(app)
  app.post<TenantRoute>('/:tenant/oauth2/v2.0/token', async (request, reply) => {
    const form = new URLSearchParams(request.body ?? '')
    const refusal = await refuseBinding(tenant, form)
    if (refusal !== undefined) return refuse(reply, refusal)
    return await answerTokenRequest(tenant, request, reply, true)
  })
  discoveryRoute(app, tenant)
}

/** As `a`, base32hex of a SHA-256, and `.ests.aks`: worked out digit by digit. */
function serverNameOf(clusterId: string): string {
  const hash = createHash('sha256').update('identity-binding').update(clusterId).digest()
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{1,5}/g) ?? []
  const hex32 = '0123456789abcdefghijklmnopqrstuv'
  return `a${digits.map((five) => hex32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')}.ests.aks`
}

async function issueCertificates(
  serverName: string,
  { clusterId, ipAddresses }: TokenProxyOptions,
) {
  const common = { now: new Date(), lifetimeDays: 365 }
  const authority = await issueAuthority({ commonName: 'emulated cluster', ...common })
  const issue = (dnsNames: readonly string[], addresses: readonly string[]) =>
    issueLeaf({
      ...common,
      authority,
      commonName: dnsNames[0] ?? '',
      dnsNames,
      ipAddresses: addresses,
    })
  const [apiServer, proxy] = await Promise.all([
    issue(
      [
        'kubernetes.default.svc.cluster.local',
        'localhost',
        `hcp-kubernetes.${clusterId}.svc.cluster.local`,
      ],
      ['127.0.0.1', ...ipAddresses],
    ),
    issue([serverName], []),
  ])
  return { apiServer, proxy, caPem: authority.certificatePem }
}

/** The binding's identity must be bound, and the account allowed to use it. */
async function refuseBinding(
  tenant: Tenant,
  form: URLSearchParams,
): Promise<ProxyRefusal | undefined> {
  const clientId = form.get('client_id')?.toLowerCase() ?? ''
  const identity = tenant.identities.get(clientId)
  const subjects = identity?.boundAccounts
  const assertion = form.get('client_assertion') ?? ''
  const federatedCredentials = (subjects ?? []).map((subject) => ({
    subject,
    audience: bindingAudience,
  }))
  const { defaultIssuer, keysOf, now } = tenant
  if (identity === undefined || subjects === undefined)
    return {
      status: 404,
      reason: 'NotFound',
      message: `no identity binding for client ${clientId}`,
    }
  const refusal = await checkAssertion(assertion, {
    identity: { ...identity, federatedCredentials },
    defaultIssuer,
    keysOf,
    now: now(),
  })
  return refusal && proxyRefusal(refusal, clientId)
}

/** What Entra would say about the subject is the cluster's RBAC here. */
const subjectCodes: readonly number[] = [700213, 7002138, 70025]

const proxyRefusal = ({ code, message }: EntraRefusal, clientId: string): ProxyRefusal =>
  subjectCodes.includes(code)
    ? {
        status: 403,
        reason: 'Forbidden',
        message: `cannot use-managed-identity resource "${clientId}" in API group "cid.wi.aks.azure.com"`,
      }
    : { status: 401, reason: 'Unauthorized', message }

const refuse = (reply: FastifyReply, { status, reason, message }: ProxyRefusal) =>
  reply.code(status).send({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code: status,
  })
