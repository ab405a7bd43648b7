/** What can go wrong between a vault and a Kubernetes Secret, beside everything else in `error-table.ts`. */

import type { ErrorFacts } from './facts.ts'

const permanent = { isRetryable: false, exitCode: 1, isOfSync: true } as const
const retryable = { isRetryable: true, exitCode: 1, isOfSync: true } as const

export const syncErrorTable = {
  AKV_SYNC_ANNOTATION: {
    ...permanent,
    means:
      "The ServiceAccount's annotations can not be read as they are. Nothing is changed: its Secrets stay as they were.",
    remedy:
      'Correct what the message names. The command line (akv-injector check FILE) finds such mistakes before you apply the annotations.',
  },
  AKV_SYNC_NOT_ENABLED: {
    ...permanent,
    means:
      'A ServiceAccount asks for Secrets, but the operator has not turned this on for it: the controller may not act for it.',
    remedy:
      'Add the account to sync.namespaces.NAMESPACE.serviceAccounts of the chart, or take the annotation akv-injector.io/sync off.',
  },
  AKV_SYNC_COSTLY: {
    ...retryable,
    means:
      'The values of one ServiceAccount take more CPU time to convert than one account may use in a round. What did not fit keeps its last value.',
    remedy:
      'Use fewer objects for this account, or split them among several accounts. PKCS#12 files are the usual cause: export them again with the few thousand rounds of key derivation that OpenSSL uses by default.',
  },
  AKV_ACCOUNT_TOKEN: {
    ...retryable,
    means: 'The API server did not issue a token for the ServiceAccount to the controller.',
    remedy:
      'Check that the account exists and is in sync.namespaces of the chart, and that no policy refuses tokens for the audience api://AzureADTokenExchange.',
  },
  AKV_CLUSTER_FORBIDDEN: {
    ...retryable,
    means: 'The API server does not let the controller do what it needs to do in the namespace.',
    remedy:
      'Install the chart again with the namespace under sync.namespaces, or see which admission policy the message names.',
  },
  AKV_CLUSTER_UNAVAILABLE: {
    ...retryable,
    means: 'The API server could not be reached, or is failing.',
    remedy: 'Wait; if it lasts, check the network policies of the controller.',
  },
  AKV_SECRET_FOREIGN: {
    ...permanent,
    means:
      'There is a Secret of that name that the ServiceAccount did not make. It is not touched.',
    remedy:
      'Delete that Secret, or hand it over with the annotation akv-injector.io/adopt: "true" on it. An entry that asks for it can name another.',
  },
  AKV_SECRET_CONFLICT: {
    ...permanent,
    means:
      'Somebody else has changed what the controller had written into the Secret. Their change is not overwritten.',
    remedy:
      'Stop the other one from writing that key, label or annotation; then take it out of the Secret, or delete the Secret: it is made anew.',
  },
  AKV_SECRET_TYPE: {
    ...permanent,
    means: 'The Secret has another type than the entry asks for, and a type can not be changed.',
    remedy: 'Delete the Secret: it is made anew. Or write the type that it has.',
  },
  AKV_SECRET_IMMUTABLE: {
    ...permanent,
    means: 'The Secret is immutable, and its data would have to change.',
    remedy: 'Delete the Secret: it is made anew, and not immutable.',
  },
  AKV_SECRET_TOO_LARGE: {
    ...permanent,
    means: 'The Secret would hold more than Kubernetes allows, which is 1 MiB.',
    remedy: 'Spread the objects over several Secrets.',
  },
  AKV_SECRET_KEY: {
    ...permanent,
    means:
      'What was fetched does not fit into the Secret: a key has no valid name, or one that the type needs is missing.',
    remedy:
      'Correct the JSON that "#*" makes keys of, or name its properties one by one: KEY=NAME#PROPERTY.',
  },
  AKV_SECRET_REFUSED: {
    ...permanent,
    means:
      'The API server does not accept the Secret, or an admission webhook, a policy or a quota does not.',
    remedy:
      'Correct what the message names: mostly a value that is not what the type of the Secret stands for. What a webhook, a policy or a quota wants, its owner knows.',
  },
} as const satisfies Record<string, ErrorFacts>
