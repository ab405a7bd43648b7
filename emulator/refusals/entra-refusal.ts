/** The refusals of Entra's token endpoint, with Entra's own codes, messages and statuses. */

import { randomUUID } from 'node:crypto'

export interface EntraRefusal {
  /** The number behind AADSTS. */
  readonly code: number
  readonly error: string
  readonly status: number
  readonly message: string
}

const define =
  (error: string, status: number) =>
  <A extends unknown[]>(code: number, message: (...found: A) => string) =>
  (...found: A): EntraRefusal => ({ code, error, status, message: message(...found) })

const invalidRequest = define('invalid_request', 400)
const invalidClient = define('invalid_client', 401)

const federationDocs = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation'
const noMatch = (what: string, found: string) =>
  `No matching federated identity record found for presented assertion ${what} '${found}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${federationDocs}`

export const refusals = {
  missingParameter: invalidRequest(
    900144,
    (name: string) => `The request body must contain the following parameter: '${name}'.`,
  ),
  unsupportedGrant: define('unsupported_grant_type', 400)(
    70003,
    (grant: string) => `The app requested an unsupported grant type '${grant}'.`,
  ),
  invalidTenant: invalidRequest(
    900023,
    (tenant: string) =>
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
  ),
  unknownTenant: invalidRequest(
    90002,
    (tenant: string) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  ),
  unknownClient: define('unauthorized_client', 400)(
    700016,
    (clientId: string, tenant: string) =>
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  ),
  noClientCredential: invalidClient(
    7000216,
    () =>
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  ),
  wrongClientSecret: invalidClient(
    7000215,
    (clientId: string) =>
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
  ),
  invalidScope: define('invalid_scope', 400)(
    1002012,
    (scope: string) =>
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  ),
  unknownResource: define('invalid_resource', 400)(
    500011,
    (resource: string, tenant: string) =>
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  ),
  malformedAssertion: invalidRequest(50027, () => 'JWT token is invalid or malformed.'),
  noFederatedCredential: invalidClient(
    70025,
    (clientId: string) =>
      `The client '${clientId}' has no configured federated identity credentials.`,
  ),
  issuerMismatch: invalidClient(700211, (issuer: string) => noMatch('issuer', issuer)),
  audienceMismatch: invalidClient(700212, (audience: string) => noMatch('audience', audience)),
  subjectMismatch: invalidClient(700213, (subject: string) => noMatch('subject', subject)),
  subjectCaseMismatch: invalidClient(
    7002138,
    (subject: string) =>
      `No matching federated identity record found for presented assertion subject '${subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. ${federationDocs}`,
  ),
  noMatchingCredential: invalidClient(
    70021,
    () => `No matching federated identity record found for presented assertion. ${federationDocs}`,
  ),
  unsupportedAlgorithm: invalidClient(
    5002730,
    () => 'Invalid JWT token. Unsupported key for the signing algorithm.',
  ),
  issuerUnreachable: invalidRequest(50166, () => 'Request to External OIDC endpoint failed.'),
  unknownKey: invalidClient(
    7000272,
    (kid: string, issuer: string) =>
      `The certificate with identifier ${kid} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`,
  ),
  invalidSignature: invalidClient(700027, () => 'Client assertion failed signature validation.'),
  transient: define('temporarily_unavailable', 503)(
    90033,
    () => 'A transient error has occurred. Please try again.',
  ),
  outsideLifetime: invalidClient(
    700024,
    (now: Date, from?: Date, to?: Date) =>
      `Client assertion is not within its valid time range. Current time: ${now.toISOString()}, assertion valid from ${from?.toISOString() ?? '(none)'}, expiry time of assertion ${to?.toISOString() ?? '(none)'}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  ),
} as const

/** The body Entra sends with a refusal. */
export function refusalBody(
  { code, error, message }: EntraRefusal,
  now: Date,
  correlationId: string = randomUUID(),
) {
  const traceId = randomUUID()
  const timestamp = now
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
  return {
    error,
    error_description: `AADSTS${code}: ${message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  }
}
