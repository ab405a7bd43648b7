/**
 * Everything that can go wrong between a vault and a pod, under a stable code. One table for the agent and all others
 * that fetch; `docs/errors.md` is this table as a page.
 */

import type { ErrorFacts } from './error-facts.ts'
import { syncErrorTable } from './sync-error-table.ts'

const hopeless = { heals: false, exitCode: 1 } as const
const healing = { heals: true, exitCode: 1 } as const
const misconfigured = { heals: false, exitCode: 2 } as const

export const errorTable = {
  AKV_CONFIG_INVALID: {
    ...misconfigured,
    means: 'The configuration to work by is missing or wrong.',
    remedy:
      'Correct what the message names. In a pod, AKV_INJECTOR_CONFIG is the webhook’s to write: recreate the pod.',
  },
  AKV_CONFIG_NEWER: {
    ...misconfigured,
    means: 'The webhook wrote a configuration that this agent is too old to read.',
    remedy:
      'Set AKV_INJECTOR_AGENT_IMAGE of the webhook to an image of its own version, then recreate the pod.',
  },
  AKV_IDENTITY_MISSING: {
    ...misconfigured,
    means: 'Nothing says as which client, or in which tenant, to sign in.',
    remedy:
      'Set the annotations akv-injector.io/client-id and akv-injector.io/tenant-id. Or annotate the service account azure.workload.identity/client-id, and label the pod azure.workload.identity/use: "true" (Secret sync needs no label); the operator can set AKV_INJECTOR_DEFAULT_TENANT_ID.',
  },
  AKV_IDENTITY_BINDING: {
    ...misconfigured,
    means: 'The pod uses AKS identity bindings, a preview that the agent does not support.',
    remedy:
      'Give the identity a federated credential for the service account, and take the annotation azure.workload.identity/use-identity-binding off the pod.',
  },
  AKV_TOKEN_FILE: {
    ...hopeless,
    means: "The file with the pod's service account token is missing, unreadable or no token.",
    remedy:
      'Recreate the pod; if that does not help, check what changed the volume akv-injector-identity. Outside a pod, name another file.',
  },
  AKV_FEDERATION_MISMATCH: {
    ...healing,
    means:
      'The identity has no federated credential that matches the service account token, or none at all.',
    remedy:
      'Compare the issuer, subject and audience in the message with the federated credentials of the identity, letter by letter and in the same case. A new credential takes effect after a few minutes.',
  },
  AKV_ISSUER_KEYS: {
    ...healing,
    means:
      "Entra can't verify the service account token: it could not read the keys of the cluster's issuer, or the key that signed the token isn't among them.",
    remedy:
      'Check that the issuer in the message serves .well-known/openid-configuration and its keys to the internet. After a cluster was created or its signing key changed, Entra may take half an hour to see the new keys.',
  },
  AKV_APP_NOT_FOUND: {
    ...healing,
    means:
      'Entra does not know an application or managed identity with this client ID in this tenant.',
    remedy: 'Check the client ID and the tenant ID. A new identity is known after a few minutes.',
  },
  AKV_ASSERTION_EXPIRED: {
    ...healing,
    means: 'Entra finds the service account token expired, or not valid yet.',
    remedy:
      "Check the node's clock, and in a pod, that the kubelet renews the token in the volume akv-injector-identity.",
  },
  AKV_TENANT_NOT_FOUND: {
    ...hopeless,
    means: 'The tenant does not exist, or belongs to another cloud.',
    remedy: 'Correct the tenant ID, or the cloud that the operator has set (AKV_INJECTOR_CLOUD).',
  },
  AKV_ENTRA_REFUSED: {
    ...hopeless,
    means: 'Entra refused the sign-in, and another try would not change that.',
    remedy:
      'Look up the AADSTS number in the message at https://login.microsoftonline.com/error, or show it to an administrator of the tenant.',
  },
  AKV_ENTRA_UNAVAILABLE: {
    ...healing,
    means: 'Entra is overloaded or failing.',
    remedy: 'Wait; if it lasts, see https://azure.status.microsoft.',
  },
  AKV_OBJECT_NOT_FOUND: {
    ...hopeless,
    means: 'The vault holds no object, or no version, of that name; it may have been deleted.',
    remedy:
      'Create or recover the object, correct its name, or mark the reference optional with "?".',
  },
  AKV_OBJECT_DISABLED: {
    ...hopeless,
    means: 'The version asked for, or the newest one, is disabled.',
    remedy:
      'Enable it, add a new version, name another with "@version", or mark the reference optional with "?".',
  },
  AKV_FORBIDDEN: {
    ...healing,
    means: 'The vault knows the identity, but it may not read the object.',
    remedy:
      'Give the identity the role Key Vault Secrets User on the vault (for key/ also Key Vault Crypto User, for cert/ Key Vault Certificate User; or the access policies Get, and List for a history); a new role takes effect after a few minutes.',
  },
  AKV_FIREWALL: {
    ...healing,
    means: "The vault's firewall does not let the address in that the request came from.",
    remedy:
      "Allow the cluster's outbound address or subnet on the vault, or use a private endpoint.",
  },
  AKV_UNAUTHORIZED: {
    ...hopeless,
    means: 'The vault did not accept a token that Entra had just issued, and a second one neither.',
    remedy:
      "Check that the vault is in the identity's tenant, and that AKV_INJECTOR_CLOUD is the vault's cloud.",
  },
  AKV_THROTTLED: {
    ...healing,
    means: 'The vault has had too many requests.',
    remedy: 'Refresh less often, or spread the objects over more vaults.',
  },
  AKV_VAULT_UNAVAILABLE: {
    ...healing,
    means: 'The vault is failing.',
    remedy: 'Wait; if it lasts, see https://azure.status.microsoft.',
  },
  AKV_NETWORK: {
    ...healing,
    means: 'A host could not be reached, or a connection was lost or too slow.',
    remedy:
      'Check that the vault exists, and DNS, network policies, HTTPS_PROXY and NO_PROXY on the way to that host, which begins in the pod, or for Secret sync at the controller.',
  },
  AKV_TLS_UNTRUSTED: {
    ...hopeless,
    means: 'The certificate of a host is not one to trust for that name.',
    remedy:
      'Where a proxy or a private cloud has its own authority, set AKV_INJECTOR_CA_FILE to its certificate.',
  },
  AKV_REDIRECTED: {
    ...hopeless,
    means: 'A host answered with a redirect, which is never followed: a token could end elsewhere.',
    remedy:
      'Name the right host (AKV_INJECTOR_VAULT_URL, AKV_INJECTOR_AUTHORITY_HOST), or check the proxy.',
  },
  AKV_BAD_REQUEST: {
    ...hopeless,
    means: 'The vault did not understand the request.',
    remedy: 'Check AKV_INJECTOR_VAULT_URL; otherwise report this as a bug.',
  },
  AKV_BAD_ANSWER: {
    ...healing,
    means:
      'The answer did not come from Key Vault or Entra: it is not their JSON, or not what they can answer.',
    remedy:
      'Check that no proxy or captive portal answers in place of the host, and that the host is the right one (AKV_INJECTOR_VAULT_URL, AKV_INJECTOR_AUTHORITY_HOST).',
  },
  AKV_CERTIFICATE_ROTATING: {
    ...healing,
    means:
      'A certificate and its key, asked for side by side, were of different versions each time.',
    remedy:
      'Wait until the new version is complete; tls/ gets both from one answer and never has to wait.',
  },
  AKV_PROPERTY_ABSENT: {
    ...hopeless,
    means: 'The JSON value has no such property.',
    remedy: 'Correct the path behind "#", or the value, or mark the reference optional with "?".',
  },
  AKV_PROPERTY: {
    ...hopeless,
    means:
      'No property can be picked: the value is not JSON, or a name in it is none for a file, or for a key of a Secret.',
    remedy: 'Correct the value, or take the property off the reference.',
  },
  AKV_ENCODING: {
    ...hopeless,
    means: 'The value is not in the encoding that it is to be decoded from.',
    remedy: 'Correct the value, or take "|base64" (objectEncoding) off the reference.',
  },
  AKV_CERTIFICATE: {
    ...hopeless,
    means: 'What the vault holds for the certificate can not be read, or does not fit together.',
    remedy:
      'Name a certificate (a plain secret has none); else import it and its key again, as PKCS#12 or PEM without a password.',
  },
  AKV_KEY_NOT_EXPORTABLE: {
    ...hopeless,
    means: "The vault does not hand out the certificate's private key.",
    remedy:
      'Set "exportable": true under "key_props" in the certificate\'s policy and create a new version, or ask for cert/ only.',
  },
  AKV_KEY_TYPE: {
    ...hopeless,
    means: 'The key is of a type or on a curve that has no public half to write as PEM.',
    remedy: 'Ask for a key of type RSA or EC.',
  },
  AKV_ENV_VALUE: {
    ...hopeless,
    means:
      "The value can't be an environment variable: it is empty, too long, or holds ', CR, NUL or no UTF-8.",
    remedy:
      'Deliver this object as a file (annotation akv-injector.io/secrets), or change its value.',
  },
  AKV_FILE_IN_THE_WAY: {
    ...hopeless,
    means: 'Something that the agent did not make has the name of a file to write.',
    remedy:
      'Remove it, or give the object another path; the agent touches nothing that is not its own.',
  },
  AKV_VOLUME_FULL: {
    ...hopeless,
    means: 'The volume ran full while files were written; the set before is untouched.',
    remedy: 'Ask for fewer objects, or raise AKV_INJECTOR_VOLUME_SIZE_LIMIT.',
  },
  AKV_SET_TOO_LARGE: {
    ...hopeless,
    means:
      'The files need more than 45 % of the volume: old and new stand side by side while switching.',
    remedy: 'Ask for fewer objects, or raise AKV_INJECTOR_VOLUME_SIZE_LIMIT.',
  },
  AKV_WRITE_FAILED: {
    ...hopeless,
    means: 'The files could not be written; the set before is untouched.',
    remedy: 'Check that the volume is mounted writable in the agent, and the user it runs as.',
  },
  AKV_NOTIFY_FAILED: {
    ...hopeless,
    means:
      'The application did not take the notice that its files have changed. They have: this is a warning only, after three tries.',
    remedy:
      'Check that it listens on the port of akv-injector.io/notify and answers a POST with 2xx.',
  },
  ...syncErrorTable,
  AKV_INTERNAL: {
    ...hopeless,
    means: 'A mistake in akv-injector itself.',
    remedy: 'Report it, with the log line.',
  },
} as const satisfies Record<string, ErrorFacts>
