import { objectAt } from '../../../lib/shape.ts'
import { fakeAccount } from '../support/azure-world.ts'
import { type Answer, type AzureOptions, type AzureRequest, errorBody, ok } from './azure-route.ts'
import { managerRoutes } from './manager-routes.ts'
import { vaultRoutes } from './vault-routes.ts'

const { tenantId, objectId } = fakeAccount

/** The answer of Resource Manager, Entra or a vault. */
export function answerAzure(options: AzureOptions, request: AzureRequest): Answer {
  const { method, host, body } = request
  const { pathname } = new URL(request.path, `https://${host}`)
  if (host === 'login.microsoftonline.com') return answerEntra(pathname)
  if (!request.isSignedIn) return challenge
  const routes =
    host === 'management.azure.com' ? managerRoutes : vaultRoutes(host.split('.')[0] ?? '')
  for (const route of routes) {
    const groups = route.method === method ? route.path.exec(pathname)?.groups : undefined
    if (route.method !== method || !route.path.test(pathname)) continue
    const found = { ...groups }
    if (route.published !== undefined)
      for (const problem of options.check({ ...route.published, parameters: found }, body))
        options.onProblem(`${method} ${pathname}: ${problem}`)
    const answer = route.answer(options, found, objectAt(body))
    if (answer === undefined) break
    return { ...answer, ...(route.isChange && { isChange: true }) }
  }
  if (routes.every(({ path }) => !path.test(pathname)))
    options.onProblem(`unknown: ${method} ${host}${pathname}`)
  return { status: 404, body: errorBody('ResourceNotFound', 'It was not found.') }
}

const challenge: Answer = {
  status: 401,
  headers: {
    'www-authenticate': `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`,
  },
}

function answerEntra(path: string): Answer {
  const issuer = `https://login.microsoftonline.com/${tenantId}`
  if (path.endsWith('/.well-known/openid-configuration'))
    return ok({
      issuer: `${issuer}/v2.0`,
      authorization_endpoint: `${issuer}/oauth2/v2.0/authorize`,
      token_endpoint: `${issuer}/oauth2/v2.0/token`,
    })
  if (!path.endsWith('/token'))
    return ok({
      tenant_discovery_endpoint: `${issuer}/v2.0/.well-known/openid-configuration`,
      metadata: [],
    })
  const claims = Buffer.from(JSON.stringify({ oid: objectId, tid: tenantId })).toString('base64url')
  return ok({ token_type: 'Bearer', expires_in: 86_399, access_token: `x.${claims}.x` })
}
