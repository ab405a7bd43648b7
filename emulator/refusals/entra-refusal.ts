/** The refusals of Entra's token endpoint, with Entra's own codes, messages and statuses. */

import { randomUUID } from 'node:crypto'

export interface EntraRefusal {
  /** The number behind AADSTS. */
  readonly code: number
  readonly error: string
  readonly status: number
  readonly message: string
}

type Make<A extends unknown[]> = (...found: A) => EntraRefusal

const define =
  <A extends unknown[]>(
    code: number,
    error: string,
    status: number,
    message: (...found: A) => string,
  ): Make<A> =>
  (...found) => ({ code, error, status, message: message(...found) })

const federationDocs = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation'
const noMatch = (what: string, found: string) =>
  `No matching federated identity record found for presented assertion ${what} '${found}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${federationDocs}`

export const refusals = {
  missingParameter: define(
    900144,
    'invalid_request',
    400,
    (name: string) => `The request body must contain the following parameter: '${name}'.`,
  ),
  unsupportedGrant: define(
    70003,
    'unsupported_grant_type',
    400,
    (grant: string) => `The app requested an unsupported grant type '${grant}'.`,
  ),
  invalidTenant: define(
    900023,
    'invalid_request',
    400,
    (tenant: string) =>
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
  ),
  unknownTenant: define(
    90002,
    'invalid_request',
    400,
    (tenant: string) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  ),
  unknownClient: define(
    700016,
    'unauthorized_client',
    400,
    (clientId: string, tenant: string) =>
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  ),
  noClientCredential: define(
    7000216,
    'invalid_client',
    401,
    () =>
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  ),
  wrongClientSecret: define(
    7000215,
    'invalid_client',
    401,
    (clientId: string) =>
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
  ),
  invalidScope: define(
    1002012,
    'invalid_scope',
    400,
    (scope: string) =>
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  ),
  unknownResource: define(
    500011,
    'invalid_resource',
    400,
    (resource: string, tenant: string) =>
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  ),
  malformedAssertion: define(
    50027,
    'invalid_request',
    400,
    () => 'JWT token is invalid or malformed.',
  ),
  noFederatedCredential: define(
    70025,
    'invalid_client',
    401,
    (clientId: string) =>
      `The client '${clientId}' has no configured federated identity credentials.`,
  ),
  issuerMismatch: define(700211, 'invalid_client', 401, (issuer: string) =>
    noMatch('issuer', issuer),
  ),
  audienceMismatch: define(700212, 'invalid_client', 401, (audience: string) =>
    noMatch('audience', audience),
  ),
  subjectMismatch: define(700213, 'invalid_client', 401, (subject: string) =>
    noMatch('subject', subject),
  ),
  subjectCaseMismatch: define(
    7002138,
    'invalid_client',
    401,
    (subject: string) =>
      `No matching federated identity record found for presented assertion subject '${subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. ${federationDocs}`,
  ),
  noMatchingCredential: define(
    70021,
    'invalid_client',
    401,
    () => `No matching federated identity record found for presented assertion. ${federationDocs}`,
  ),
  unsupportedAlgorithm: define(
    5002730,
    'invalid_client',
    401,
    () => 'Invalid JWT token. Unsupported key for the signing algorithm.',
  ),
  issuerUnreachable: define(
    50166,
    'invalid_request',
    400,
    () => 'Request to External OIDC endpoint failed.',
  ),
  unknownKey: define(
    7000272,
    'invalid_client',
    401,
    (kid: string, issuer: string) =>
      `The certificate with identifier ${kid} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`,
  ),
  invalidSignature: define(
    700027,
    'invalid_client',
    401,
    () => 'Client assertion failed signature validation.',
  ),
  transient: define(
    90033,
    'temporarily_unavailable',
    503,
    () => 'A transient error has occurred. Please try again.',
  ),
  outsideLifetime: define(
    700024,
    'invalid_client',
    401,
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
