import { tokenAudience } from '../azure/token-audience.ts'
import { type ErrorFacts, permanent, retryable } from './error-facts.ts'

const permanentInSync = { ...permanent, isOfSync: true } as const
const retryableInSync = { ...retryable, isOfSync: true } as const

/** What can go wrong between a fetched value and a Kubernetes Secret. */
export const syncErrors = {
  AKV_SYNC_ANNOTATION: {
    ...permanentInSync,
    means:
      "The ServiceAccount's annotations are invalid. Nothing is changed: its Secrets stay as they were.",
    remedy:
      'Correct what the message names. The command line (akv-injector check FILE) finds such mistakes before you apply the annotations.',
  },
  AKV_SYNC_NOT_ENABLED: {
    ...permanentInSync,
    means:
      'A ServiceAccount asks for Secrets, but Secret sync is not enabled for it: no Role of its namespace lets the controller create its tokens.',
    remedy:
      'Whoever may create Roles in the namespace applies what akv-injector rbac prints for its manifests. Or remove the annotation akv-injector.io/sync.',
  },
  AKV_SYNC_SOURCE: {
    ...permanentInSync,
    means:
      'A SecretProviderClass or an ExternalSecret has a mistake, or its store has one. Its Secrets stay as they are.',
    remedy:
      'Correct what the message names. The command line (akv-injector check FILE) finds such mistakes before you apply the manifests.',
  },
  AKV_SYNC_ACCOUNT: {
    ...permanentInSync,
    means:
      "A SecretProviderClass or an ExternalSecret can't be read as a ServiceAccount: none or several could be chosen, or the chosen one does not exist, is turned off, has wrong annotations, or signs in as another client or to another tenant. Its Secrets stay as they are.",
    remedy:
      'Correct what the message names. To choose the ServiceAccount, annotate the SecretProviderClass or the ExternalSecret with akv-injector.io/service-account: NAME. Accounts are enabled by a Role that akv-injector rbac prints.',
  },
  AKV_SYNC_MANAGED: {
    ...permanentInSync,
    means:
      'Another controller, such as the External Secrets Operator, manages the ExternalSecret. Nothing is done for it.',
    remedy:
      'To keep that controller, do nothing. To move the ExternalSecret to Secret sync, stop that controller for the namespace; it counts as running for two refresh intervals after its last status, and at least for ten minutes.',
  },
  AKV_SYNC_ORPHANED: {
    ...permanentInSync,
    means:
      'The SecretProviderClass or the ExternalSecret of a Secret is gone, but perhaps only because its kind is gone from the cluster, or is not read any more. The Secret stays as it is.',
    remedy:
      'To keep the Secret up to date, apply its SecretProviderClass or ExternalSecret again, or turn on sync.classes or sync.externalSecrets of the chart. Otherwise delete the Secret.',
  },
  AKV_SYNC_TOO_MANY: {
    ...permanentInSync,
    means:
      'The namespace has more SecretProviderClasses, ExternalSecrets or SecretStores than the controller reads, or they need more memory than the share of the namespace. The Secrets of those that are not read stay as they are.',
    remedy:
      'Delete those that nobody needs, make them smaller, or spread them over several namespaces. If they need too much memory, the administrator can give the controller more (sync.resources of the chart).',
  },
  AKV_SYNC_VALUES: {
    ...permanentInSync,
    means:
      'The values in the vault do not fit what is requested: they lack a property, are not valid base64, JSON or PKCS#12, make a template fail, give no valid keys, lack a key that the type of the Secret requires, or are too large. The message never says which, because it may be shown to people who may not read the values. The Secret stays as it is.',
    remedy:
      'Compare the values with what is requested. The key of a certificate must be exportable. A Secret has room for 1 MiB, and a ServiceAccount for 4 MiB of values for ExternalSecrets. Administrators can set sync.logLevel=debug: the log then says what does not fit, without values.',
  },
  AKV_SYNC_COSTLY: {
    ...retryableInSync,
    means:
      'Converting the values of this ServiceAccount takes more CPU time than one account may use in a round. Values that were not converted stay as they were.',
    remedy:
      'Use fewer objects for this account, or split them among several accounts. PKCS#12 files are the usual cause: export them again with the few thousand rounds of key derivation that OpenSSL uses by default.',
  },
  AKV_ACCOUNT_TOKEN: {
    ...retryableInSync,
    means: 'The API server did not issue a token for the ServiceAccount to the controller.',
    remedy: `Check that the account exists, that a Role of its namespace names it (akv-injector rbac prints one), and that no policy refuses tokens for the audience ${tokenAudience}.`,
  },
  AKV_CLUSTER_FORBIDDEN: {
    ...retryableInSync,
    means: 'The API server forbids the controller something that it needs to do in the namespace.',
    remedy:
      'Apply what akv-injector rbac prints for the manifests of the namespace. If the message names an admission policy, ask its owner.',
  },
  AKV_CLUSTER_UNAVAILABLE: {
    ...retryableInSync,
    means: 'The API server could not be reached, or is failing.',
    remedy: 'Wait. If it lasts, check the network policies of the controller.',
  },
  AKV_SECRET_FOREIGN: {
    ...permanentInSync,
    means:
      'A Secret of that name exists already, and was not created for this ServiceAccount. It is not touched.',
    remedy:
      'Delete that Secret, or set the annotation akv-injector.io/adopt: "true" on it to hand it over. Or choose another name for the Secret in the entry.',
  },
  AKV_SECRET_CONFLICT: {
    ...permanentInSync,
    means:
      'Another field manager has changed what the controller had written into the Secret. That change is not overwritten.',
    remedy:
      'Stop the other manager from writing that key, label or annotation. Then remove it from the Secret, or delete the Secret, and the controller creates it again.',
  },
  AKV_SECRET_TYPE: {
    ...permanentInSync,
    means:
      "The Secret's type differs from the one in the entry, and Kubernetes does not let a Secret's type change.",
    remedy:
      'Delete the Secret, and the controller creates it again. Or change the entry to the type that the Secret has.',
  },
  AKV_SECRET_IMMUTABLE: {
    ...permanentInSync,
    means: 'The Secret is immutable, but its data has to change.',
    remedy: 'Delete the Secret. The controller creates it again without "immutable".',
  },
  AKV_SECRET_REFUSED: {
    ...permanentInSync,
    means: 'The API server, an admission webhook, a policy or a quota rejected the Secret.',
    remedy:
      "Correct what the message names. Usually, a value is not valid for the Secret's type. For a webhook, a policy or a quota, ask its owner.",
  },
} as const satisfies Record<string, ErrorFacts>
