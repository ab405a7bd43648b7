/**
 * Everything that can go wrong between a vault and a pod, under a stable code. One table for the agent and all others
 * that fetch; `docs/errors.md` is this table as a page.
 */

import type { ErrorFacts } from './facts.ts'
import { syncErrorTable } from './sync-errors.ts'

const permanent = { isRetryable: false, exitCode: 1 } as const
const retryable = { isRetryable: true, exitCode: 1 } as const
const misconfigured = { isRetryable: false, exitCode: 2 } as const

export const errorTable = {
  AKV_CONFIG_INVALID: {
    ...misconfigured,
    means: "The agent's configuration is missing or invalid.",
    remedy:
      'Correct what the message names. In a pod, AKV_INJECTOR_CONFIG is set by the webhook; do not edit it. Recreate the pod.',
  },
  AKV_CONFIG_NEWER: {
    ...misconfigured,
    means: "The webhook wrote a configuration that this older agent can't read.",
    remedy:
      "Set the webhook's AKV_INJECTOR_AGENT_IMAGE to the image of the webhook's own version, then recreate the pod.",
  },
  AKV_IDENTITY_MISSING: {
    ...misconfigured,
    means: 'No client ID or no tenant ID is configured.',
    remedy:
      'Set the annotations akv-injector.io/client-id and akv-injector.io/tenant-id. Or annotate the service account with azure.workload.identity/client-id and label the pod azure.workload.identity/use: "true" (Secret sync needs no label). The operator can set a default tenant with AKV_INJECTOR_DEFAULT_TENANT_ID.',
  },
  AKV_IDENTITY_BINDING: {
    ...misconfigured,
    means: 'The pod uses AKS identity bindings, a preview feature that the agent does not support.',
    remedy:
      'Give the identity a federated credential for the service account, and remove the annotation azure.workload.identity/use-identity-binding from the pod.',
  },
  AKV_TOKEN_FILE: {
    ...permanent,
    means:
      'The file with the service account token is missing or unreadable, or does not contain a token.',
    remedy:
      'Recreate the pod. If that does not help, find out what changed the volume akv-injector-identity. Outside a pod, name another file.',
  },
  AKV_FEDERATION_MISMATCH: {
    ...retryable,
    means:
      'The identity has no federated credential that matches the service account token, or none at all.',
    remedy:
      'Compare the issuer, subject and audience in the message with the federated credentials of the identity, letter by letter and in the same case. A new credential takes effect after a few minutes.',
  },
  AKV_ISSUER_KEYS: {
    ...retryable,
    means:
      "Entra can't verify the service account token: it could not read the keys of the cluster's issuer, or the key that signed the token isn't among them.",
    remedy:
      'Check that the issuer in the message serves .well-known/openid-configuration and its keys to the internet. After a cluster was created or its signing key changed, Entra may take half an hour to see the new keys.',
  },
  AKV_APP_NOT_FOUND: {
    ...retryable,
    means:
      'Entra does not know an application or managed identity with this client ID in this tenant.',
    remedy: 'Check the client ID and the tenant ID. A new identity is known after a few minutes.',
  },
  AKV_ASSERTION_EXPIRED: {
    ...retryable,
    means: 'Entra finds the service account token expired, or not valid yet.',
    remedy:
      "Check the node's clock, and in a pod, that the kubelet renews the token in the volume akv-injector-identity.",
  },
  AKV_TENANT_NOT_FOUND: {
    ...permanent,
    means: 'The tenant does not exist, or belongs to another cloud.',
    remedy: 'Correct the tenant ID, or the cloud that the operator has set (AKV_INJECTOR_CLOUD).',
  },
  AKV_ENTRA_REFUSED: {
    ...permanent,
    means: 'Entra refused the sign-in, and another try would not change that.',
    remedy:
      'Look up the AADSTS number in the message at https://login.microsoftonline.com/error, or show it to an administrator of the tenant.',
  },
  AKV_ENTRA_UNAVAILABLE: {
    ...retryable,
    means: 'Entra is overloaded or failing.',
    remedy: 'Wait. If it lasts, see https://azure.status.microsoft.',
  },
  AKV_OBJECT_NOT_FOUND: {
    ...permanent,
    means: 'The vault has no object, or no version, of this name. It may have been deleted.',
    remedy:
      'Create or recover the object, correct its name, or mark the reference optional with "?".',
  },
  AKV_OBJECT_DISABLED: {
    ...permanent,
    means: 'The requested version, or the newest one, is disabled.',
    remedy:
      'Enable it, add a new version, name another one with "@version", or mark the reference optional with "?".',
  },
  AKV_FORBIDDEN: {
    ...retryable,
    means: 'The vault knows the identity, but does not let it read the object.',
    remedy:
      'Give the identity the role Key Vault Secrets User on the vault (for key/ also Key Vault Crypto User, for cert/ also Key Vault Certificate User). If the vault uses access policies: Get, and List for a history. A new role takes effect after a few minutes.',
  },
  AKV_FIREWALL: {
    ...retryable,
    means: "The vault's firewall blocks the address that the request came from.",
    remedy:
      "Allow the cluster's outbound address or subnet on the vault, or use a private endpoint.",
  },
  AKV_UNAUTHORIZED: {
    ...permanent,
    means: 'The vault rejected the token that Entra had just issued, and also the one after it.',
    remedy:
      "Check that the vault is in the identity's tenant, and that AKV_INJECTOR_CLOUD is the vault's cloud.",
  },
  AKV_THROTTLED: {
    ...retryable,
    means: 'The vault limits the rate of requests, and the limit is reached.',
    remedy:
      'Wait: the limit passes by itself. If it is reached often, refresh less often, or spread the objects over more vaults.',
  },
  AKV_VAULT_UNAVAILABLE: {
    ...retryable,
    means: 'The vault is failing.',
    remedy: 'Wait. If it lasts, see https://azure.status.microsoft.',
  },
  AKV_NETWORK: {
    ...retryable,
    means: 'A host could not be reached, or a connection was lost or too slow.',
    remedy:
      'Check that the vault exists and its name is right. Then check DNS, network policies, HTTPS_PROXY and NO_PROXY between the host and the pod (for Secret sync, the controller).',
  },
  AKV_TLS_UNTRUSTED: {
    ...permanent,
    means: "The host's TLS certificate is not trusted, or is for another name.",
    remedy:
      "If a proxy or a private cloud has its own certificate authority, set AKV_INJECTOR_CA_FILE to that authority's certificate.",
  },
  AKV_REDIRECTED: {
    ...permanent,
    means:
      'A host answered with a redirect. Redirects are not followed, because a token could end up elsewhere.',
    remedy:
      'Set the right host (AKV_INJECTOR_VAULT_URL, AKV_INJECTOR_AUTHORITY_HOST), or check the proxy.',
  },
  AKV_BAD_REQUEST: {
    ...permanent,
    means: 'The vault did not accept the form of the request.',
    remedy: 'Check AKV_INJECTOR_VAULT_URL. If it is right, report this as a bug.',
  },
  AKV_BAD_ANSWER: {
    ...retryable,
    means:
      'The answer did not come from Key Vault or Entra: it is not their JSON, or not what they can answer.',
    remedy:
      'Check that no proxy or captive portal answers in place of the host, and that the host is the right one (AKV_INJECTOR_VAULT_URL, AKV_INJECTOR_AUTHORITY_HOST).',
  },
  AKV_CERTIFICATE_ROTATING: {
    ...retryable,
    means:
      'A certificate and its key are requested separately, and were of different versions each time.',
    remedy:
      'Wait until the vault has completed the new version. With tls/, both come from one answer and always match.',
  },
  AKV_PROPERTY_ABSENT: {
    ...permanent,
    means: 'The JSON value has no such property, or the property is null.',
    remedy: 'Correct the path after "#", or the value, or mark the reference optional with "?".',
  },
  AKV_PROPERTY: {
    ...permanent,
    means:
      "The value is not valid JSON, or one of its property names can't be used as a file name or Secret key.",
    remedy: 'Correct the value, or remove the property from the reference.',
  },
  AKV_ENCODING: {
    ...permanent,
    means: "The value can't be decoded: it is not valid base64 or hex.",
    remedy: 'Correct the value, or remove "|base64" (objectEncoding) from the reference.',
  },
  AKV_CERTIFICATE: {
    ...permanent,
    means: "The certificate in the vault can't be read, or its parts do not belong together.",
    remedy:
      'Check that the reference names a certificate, not a plain secret. Otherwise import the certificate and its key again, as PKCS#12 or PEM without a password.',
  },
  AKV_KEY_NOT_EXPORTABLE: {
    ...permanent,
    means: "The vault does not release the certificate's private key.",
    remedy:
      'Set "exportable": true under "key_props" in the policy of the certificate and create a new version, or request only the certificate with cert/.',
  },
  AKV_KEY_TYPE: {
    ...permanent,
    means: "The key's type or curve has no public key that can be written as PEM.",
    remedy: 'Request a key of type RSA or EC.',
  },
  AKV_ENV_VALUE: {
    ...permanent,
    means:
      "The value can't be an environment variable: it is empty or too long, or contains ', CR or NUL, or is not valid UTF-8.",
    remedy:
      'Deliver this object as a file (annotation akv-injector.io/secrets), or change its value.',
  },
  AKV_FILE_IN_THE_WAY: {
    ...permanent,
    means: 'A file that the agent did not create has the name of a file to write.',
    remedy:
      'Remove it, or give the object another path. The agent never overwrites files of others.',
  },
  AKV_VOLUME_FULL: {
    ...permanent,
    means:
      'The volume ran out of space while files were written. The previous files are unchanged.',
    remedy: 'Request fewer objects, or raise AKV_INJECTOR_VOLUME_SIZE_LIMIT.',
  },
  AKV_SET_TOO_LARGE: {
    ...permanent,
    means:
      'The files need more than 45 % of the volume. Old and new files exist side by side while they are switched.',
    remedy: 'Request fewer objects, or raise AKV_INJECTOR_VOLUME_SIZE_LIMIT.',
  },
  AKV_WRITE_FAILED: {
    ...permanent,
    means: 'The files could not be written. The previous files are unchanged.',
    remedy: "Check that the agent's volume is mounted writable, and which user the agent runs as.",
  },
  AKV_NOTIFY_FAILED: {
    ...permanent,
    means:
      'The files have changed, but the application did not answer the notification after three tries. This is only a warning.',
    remedy:
      'Check that the application listens on the port in akv-injector.io/notify and answers a POST with 2xx.',
  },
  ...syncErrorTable,
  AKV_INTERNAL: {
    ...permanent,
    means: 'A bug in akv-injector.',
    remedy: 'Report it, with the log line.',
  },
} as const satisfies Record<string, ErrorFacts>
