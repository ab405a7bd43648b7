import { describeRoles } from '../azure/narrowest-grants.ts'
import { type ErrorFacts, permanent, retryable } from './error-facts.ts'

/** What Entra and the vaults answer, and what happens on the way to them. */
export const keyvaultErrors = {
  AKV_FEDERATION_MISMATCH: {
    ...retryable,
    means: 'The identity has no federated credential that matches the service account token.',
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
      "Check the node's clock, and in a pod, that the kubelet renews the token in the volume akv-injector-identity. If the message says that the API server's clock is ahead, correct that one.",
  },
  AKV_CLOCK: {
    ...retryable,
    means:
      'The clock of the node is wrong by minutes or more, so certificates or tokens seem to have expired or not to be valid yet.',
    remedy:
      "Correct the node's clock: its time service (usually chrony) must be running and must reach its NTP servers. On the node, chronyc tracking and timedatectl show the offset. The next try then succeeds.",
  },
  AKV_TENANT_NOT_FOUND: {
    ...permanent,
    means: 'The tenant does not exist, or belongs to another cloud.',
    remedy:
      'Correct the tenant ID, or the cloud that the administrator has set (AKV_INJECTOR_CLOUD).',
  },
  AKV_ENTRA_REFUSED: {
    ...permanent,
    means: 'Entra refused the sign-in, and another try would not change that.',
    remedy:
      'Look up the AADSTS number in the message at https://login.microsoftonline.com/error, or show it to an administrator of the tenant.',
  },
  AKV_ENTRA_UNAVAILABLE: {
    ...retryable,
    means: "Entra, or the cluster's token proxy, is overloaded or failing.",
    remedy: 'Wait. If it lasts, see https://azure.status.microsoft.',
  },
  AKV_TOKEN_AUDIENCE: {
    ...permanent,
    means:
      'The service account token is for an identity binding of AKS, but the agent exchanges it at Entra, or the other way round.',
    remedy:
      "Recreate the pod, so that the webhook makes the token's volume anew. If somebody else made the volume akv-injector-identity, remove it. With akv-injector fetch, pass a token for the audience api://AzureADTokenExchange.",
  },
  AKV_BINDING_FORBIDDEN: {
    ...retryable,
    means: 'The cluster has an identity binding, but its RBAC does not let the account use it.',
    remedy:
      'Apply the ClusterRole and the ClusterRoleBinding that akv-injector identity prints for the account.',
  },
  AKV_BINDING_NOT_FOUND: {
    ...retryable,
    means: 'The cluster has no identity binding for the identity.',
    remedy:
      'Create it with az aks identity-binding create, as akv-injector identity prints it, and compare the client ID in the message. Or sign in with a federated credential: remove what asks for an identity binding.',
  },
  AKV_BINDING_REFUSED: {
    ...retryable,
    means:
      "The cluster's token proxy refused the service account token, and did not pass it on to Entra.",
    remedy:
      'Check that the cluster supports identity bindings (docs/aks.md), and that identityBinding.tokenProxy and identityBinding.serverName of the chart are those of this cluster.',
  },
  AKV_BINDING_SERVER_NAME: {
    ...retryable,
    means: "The certificate of the cluster's token proxy is for another name.",
    remedy:
      'The name follows from the cluster, or is identityBinding.serverName of the chart: correct that value, then recreate the pod. A cluster without identity bindings answers with the certificate of its API server.',
  },
  AKV_BINDING_CA: {
    ...retryable,
    means:
      "The certificate of the cluster's token proxy is not signed by the certificate authority that is trusted for it.",
    remedy:
      "Recreate the pod: the cluster's authority may have changed since the webhook wrote it into the pod (Secret sync reads it again by itself). If that does not help, check identityBinding.caConfigMap of the chart, and that nothing else answers in place of the API server.",
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
    remedy: `Give the identity the role ${describeRoles()} on the vault. If the vault uses access policies: Get for this kind of object, and List for a history or a find. A new role takes effect after a few minutes.`,
  },
  AKV_LIST_TOO_LONG: {
    ...permanent,
    means:
      'A find would read too much: the vault has more secrets than are listed, or more of them match than are read. Everything stays as it is.',
    remedy:
      'If too many secrets match, make the pattern or the tags narrower. If the vault has too many, name the secrets instead of finding them, or keep them in a vault of their own.',
  },
  AKV_FIREWALL: {
    ...retryable,
    means: "The vault's firewall blocks the address that the request came from.",
    remedy:
      "Allow the address in the message, which is the cluster's outbound address, or the cluster's subnet on the vault, or use a private endpoint.",
  },
  AKV_PUBLIC_ACCESS_DISABLED: {
    ...retryable,
    means:
      'The vault has public network access disabled, and the request did not come through a private endpoint.',
    remedy:
      "Check that the vault's name resolves to its private endpoint: the DNS zone privatelink.vaultcore.azure.net needs a record for the vault and a link to the cluster's virtual network, and custom DNS servers must forward to it. If the address in the message is a private one, check that the endpoint's connection is approved.",
  },
  AKV_UNAUTHORIZED: {
    ...permanent,
    means: 'The vault rejected a token that Entra had just issued, and then also a new one.',
    remedy:
      "Check that the vault is in the identity's tenant, and that AKV_INJECTOR_CLOUD is the vault's cloud.",
  },
  AKV_THROTTLED: {
    ...retryable,
    means: 'The vault is throttling: it has received too many requests.',
    remedy:
      'Wait: throttling ends by itself. If it happens often, refresh less often, or spread the objects over more vaults.',
  },
  AKV_VAULT_UNAVAILABLE: {
    ...retryable,
    means: 'The vault answered with a server error.',
    remedy: 'Wait. If it lasts, see https://azure.status.microsoft.',
  },
  AKV_NETWORK: {
    ...retryable,
    means: 'A host could not be reached, or a connection was lost or too slow.',
    remedy:
      'Check that the vault exists and its name is right. Then check DNS, network policies, HTTPS_PROXY and NO_PROXY between the host and the pod (for Secret sync, the controller). With an identity binding, network policies must allow the API server, too.',
  },
  AKV_TLS_UNTRUSTED: {
    ...permanent,
    means: "The host's TLS certificate is not trusted, or is for another name.",
    remedy:
      "If a proxy or a private cloud has its own certificate authority, set AKV_INJECTOR_CA_FILE to that authority's certificate. If the message says that the certificate has expired or is not valid yet, compare the time in it with the right time: if the node's clock is wrong, correct that, otherwise renew the certificate.",
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
      'The answer did not come from Key Vault or Entra: it is not JSON, or not in a form that they use.',
    remedy:
      'Check that no proxy or captive portal answers in place of the host, and that the host is the right one (AKV_INJECTOR_VAULT_URL, AKV_INJECTOR_AUTHORITY_HOST).',
  },
} as const satisfies Record<string, ErrorFacts>
