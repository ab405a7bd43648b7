import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

/** What one of Entra's AADSTS numbers means for a workload that signs in with a federated token. */
interface EntraCode {
  readonly code: AkvErrorCode
  /** Completes "Entra refused the sign-in: …"; absent if the error table says enough. */
  readonly reason?: string
}

const mismatch = { code: 'AKV_FEDERATION_MISMATCH' } as const
const unverified = { code: 'AKV_ISSUER_KEYS' } as const
const unknownApp = { code: 'AKV_APP_NOT_FOUND' } as const
const unknownTenant = { code: 'AKV_TENANT_NOT_FOUND' } as const
const unavailable = { code: 'AKV_ENTRA_UNAVAILABLE' } as const
const refused = (reason: string): EntraCode => ({ code: 'AKV_ENTRA_REFUSED', reason })

/**
 * Entra's numbers for a client credentials request with a federated token. Entra has changed the HTTP statuses of
 * these, so the number decides. For a number that isn't listed, the status decides.
 *
 * Sources, all at learn.microsoft.com unless a line says otherwise:
 * - [codes] entra/identity-platform/reference-error-codes
 * - [federation] entra/workload-id/workload-identity-federation-considerations
 * - [changes] entra/identity-platform/reference-breaking-changes
 * - [devops] azure/devops/pipelines/release/troubleshoot-workload-identity
 * - [disabled] troubleshoot/entra/entra-id/app-integration/error-code-aadsts7000112-application-is-disabled
 * - [awi] github.com/Azure/azure-workload-identity: docs/book/src/troubleshooting.md, or the issue named
 */
export const entraCodes: ReadonlyMap<number, EntraCode> = new Map([
  // The token matches no federated credential. New credentials take minutes to reach every region [federation].
  [70021, mismatch], // [federation] [awi] no matching record; Entra says so during propagation
  [70025, mismatch], // github.com/dotnet-foundation/projects issue 503: the client has no federated credential
  [700211, mismatch], // [awi] issue 1200: the issuer differs
  [700212, mismatch], // the audience differs; undocumented, in the same words as 700211 and 700213
  [700213, mismatch], // github.com/Azure/login issue 482: the subject differs
  [7002138, mismatch], // [changes] and github.com/Azure/login issue 517: the subject differs in case only
  // Entra can't verify the signature. It caches an issuer's keys, so a new issuer or key takes a while to be seen.
  [50166, unverified], // [codes] ExternalClaimsProviderThrottled: Entra could not reach the issuer
  [501661, unverified], // docs.gitlab.com/ci/cloud_services/azure: the issuer isn't reachable from the internet
  [700027, unverified], // [codes] the signature failed validation, or its key was not found
  [7000272, unverified], // [awi] issue 1232: the issuer doesn't publish the key
  // The identity isn't in the tenant, or not yet.
  [700016, unknownApp], // [codes] UnauthorizedClient_DoesNotMatchRequest
  [7000229, unknownApp], // go.microsoft.com/fwlink/?linkid=2225119: no service principal in the tenant
  [700024, { code: 'AKV_ASSERTION_EXPIRED' }], // [codes] the token is outside its validity period
  // The tenant doesn't exist in this cloud.
  [90002, unknownTenant], // [codes] InvalidTenantName
  [90038, unknownTenant], // [codes] NationalCloudTenantRedirection
  [900382, unknownTenant], // [codes] not supported in a cross-cloud request
  [900432, unknownTenant], // [codes] not supported in a cross-cloud request
  // Entra calls these transient.
  [90006, unavailable], // [codes] ExternalServerRetryableError
  [90012, unavailable], // [codes] RequestTimeout
  [90024, unavailable], // [codes] RequestBudgetExceededError
  [90033, unavailable], // [codes] MsodsServiceUnavailable
  [90055, unavailable], // [codes] TenantThrottlingError
  [90090, unavailable], // [codes] GraphRetryableError
  // An administrator has to act before another try can succeed.
  [53003, refused('a Conditional Access policy blocks this identity')], // [codes] BlockedByConditionalAccess
  [500011, refused('the tenant has no service principal for Key Vault')], // [codes] InvalidResourceServicePrincipalNotFound
  [500021, refused('a tenant restriction on the network blocks this tenant')], // [codes]
  [5002730, refused("the token's signing algorithm is not supported")], // [federation] RS256 only
  [7000112, refused('the application is disabled in the tenant')], // [disabled]
  [700222, refused('the token was issued by Entra itself, not by a cluster')], // [federation]
  [700223, refused('the tenant does not allow federated credentials')], // [devops]
  [700238, refused("a policy of the tenant blocks this token's issuer")], // [devops]
])
