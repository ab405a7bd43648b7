import { entraCodes } from '../../keyvault/errors/entra-codes.ts'

/** What is compared of an answer. */
export const answerFields = [
  'status',
  /** `error.code` of a vault, `error` of Entra. */
  'code',
  /** `error.innererror.code` of a vault, the AADSTS number of Entra. */
  'inner-code',
  /** Names, without those of the connection. */
  'headers',
  'retry-after',
  /** The scheme and the names of the parameters of `WWW-Authenticate`. */
  'challenge',
  /** The members of the body, as paths. */
  'keys',
  'order',
  'dates',
] as const
export type AnswerField = (typeof answerFields)[number]

/** In the place of a word that isn't listed. */
export const otherWord = 'other'

const attributes = [
  'enabled',
  'exportable',
  'hsmPlatform',
  'created',
  'updated',
  'nbf',
  'exp',
  'recoveryLevel',
  'recoverableDays',
]

function under(path: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${path}.${name}`)
}

/** The words of each field, as the REST references of Key Vault and Entra and the answers that people have published have them. */
const listed: Readonly<Record<AnswerField, readonly string[]>> = {
  /** `none`: there was no answer. */
  status: ['none', ...Array.from({ length: 500 }, (_, index) => String(index + 100))],
  code: [
    ...[
      'Unauthorized',
      'Forbidden',
      'BadParameter',
      'Conflict',
      'Throttled',
      'InternalServerError',
    ],
    ...['SecretNotFound', 'KeyNotFound', 'CertificateNotFound', 'TooManyRequests', 'ServerBusy'],
    ...['invalid_request', 'invalid_client', 'unauthorized_client', 'invalid_grant'],
    ...['invalid_scope', 'invalid_resource', 'unsupported_grant_type', 'temporarily_unavailable'],
  ],
  'inner-code': [
    ...['ForbiddenByRbac', 'ForbiddenByPolicy', 'ForbiddenByFirewall', 'ForbiddenByConnection'],
    ...['AccessDenied', 'SecretDisabled', 'KeyDisabled', 'TokenExpired', 'VaultAlreadyExists'],
    ...['ObjectIsDeletedButRecoverable', 'ObjectIsBeingDeleted', 'ObjectIsBeingRecovered'],
    ...[900023, 900144, ...entraCodes.keys()].map((number) => `AADSTS${number}`),
  ],
  headers: [
    ...['cache-control', 'content-type', 'content-encoding', 'date', 'expires', 'pragma', 'p3p'],
    ...['server', 'set-cookie', 'vary', 'nel', 'report-to', 'retry-after', 'retry-after-ms'],
    ...['www-authenticate', 'client-request-id', 'request-id', 'strict-transport-security'],
    ...['content-security-policy', 'content-security-policy-report-only', 'referrer-policy'],
    ...['x-aspnet-version', 'x-powered-by', 'x-content-type-options', 'x-xss-protection'],
    ...['x-frame-options', 'x-cache', 'x-dns-prefetch-control', 'x-msedge-ref', 'x-azure-ref'],
    ...['x-ms-request-id', 'x-ms-client-request-id', 'x-ms-keyvault-region', 'x-ms-clitelem'],
    ...['x-ms-keyvault-service-version', 'x-ms-keyvault-network-info', 'x-ms-ests-server'],
    ...['x-ms-keyvault-rbac-assignment-id', 'x-ms-keyvault-rbac-cache', 'x-ms-srs'],
    ...['x-ms-httpver', 'x-ms-retry-after-ms', 'access-control-allow-origin'],
    ...['access-control-allow-methods', 'access-control-expose-headers'],
  ],
  'retry-after': ['seconds', 'milliseconds', 'date'],
  challenge: [
    ...['bearer', 'pop', 'authorization', 'authorization_uri', 'resource', 'scope', 'realm'],
    /** `resource` is the audience of the token that a vault accepts. */
    ...['error', 'error_description', 'claims', 'resource-is-audience'],
  ],
  keys: [
    ...['value', 'nextLink', 'id', 'kid', 'sid', 'x5t', 'cer', 'contentType', 'managed', 'tags'],
    ...['key', 'attributes', 'policy', 'error', 'pending', 'previousVersion', 'preserveCertOrder'],
    ...under('attributes', attributes),
    ...under('value', ['id', 'kid', 'x5t', 'contentType', 'managed', 'tags', 'attributes']),
    ...under('value.attributes', attributes),
    ...under('key', ['kid', 'kty', 'key_ops', 'n', 'e', 'crv', 'x', 'y', 'key_hsm']),
    ...under('error', ['code', 'message', 'innererror']),
    ...under('error.innererror', ['code', 'message', 'innererror']),
    ...under('pending', ['id']),
    ...under('policy', ['id', 'key_props', 'secret_props', 'x509_props', 'lifetime_actions']),
    ...under('policy', ['issuer', 'attributes']),
    ...under('policy.attributes', ['enabled', 'created', 'updated']),
    ...under('policy.key_props', ['exportable', 'kty', 'key_size', 'reuse_key', 'crv']),
    ...under('policy.secret_props', ['contentType']),
    ...under('policy.x509_props', ['subject', 'sans', 'ekus', 'key_usage', 'validity_months']),
    ...under('policy.x509_props', ['basic_constraints', 'sans.dns_names', 'sans.emails']),
    ...under('policy.x509_props', ['sans.upns', 'basic_constraints.ca']),
    ...under('policy.lifetime_actions', ['trigger', 'trigger.lifetime_percentage', 'action']),
    ...under('policy.lifetime_actions', ['trigger.days_before_expiry', 'action.action_type']),
    ...under('policy.issuer', ['name', 'cty', 'cert_transparency']),
    ...['token_type', 'expires_in', 'ext_expires_in', 'access_token', 'expires_on', 'not_before'],
    ...['error_description', 'error_codes', 'timestamp', 'trace_id', 'correlation_id', 'error_uri'],
    ...['suberror', 'claims', 'resource', 'token_endpoint', 'jwks_uri', 'issuer', 'cloud_name'],
    ...['token_endpoint_auth_methods_supported', 'response_modes_supported', 'rbac_url'],
    ...['subject_types_supported', 'id_token_signing_alg_values_supported', 'claims_supported'],
    ...['response_types_supported', 'scopes_supported', 'request_uri_parameter_supported'],
    ...['authorization_endpoint', 'userinfo_endpoint', 'device_authorization_endpoint'],
    ...['http_logout_supported', 'frontchannel_logout_supported', 'end_session_endpoint'],
    ...['kerberos_endpoint', 'tenant_region_scope', 'cloud_instance_name', 'msgraph_host'],
    ...['cloud_graph_host_name', 'mtls_endpoint_aliases', 'mtls_endpoint_aliases.token_endpoint'],
    ...['tls_client_certificate_bound_access_tokens'],
  ],
  order: ['oldest-first', 'newest-first', 'dates-mixed', 'by-name', 'names-mixed'],
  dates: [
    ...['nbf-is-created', 'nbf-after-created', 'nbf-before-created'],
    ...['nbf-10-minutes-before-created', 'updated-is-created', 'updated-after-created'],
    ...['updated-before-created'],
  ],
}

const words = new Map(answerFields.map((field) => [field, new Set([...listed[field], otherWord])]))

/** Whether a report may have this text in this field. */
export const isWordOf = (field: AnswerField, text: unknown): text is string =>
  typeof text === 'string' && words.get(field)?.has(text) === true
