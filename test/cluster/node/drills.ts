import { absent, type Drill, failed, fresh, inSync, judged, stale, unbelieved } from './drill.ts'

/**
 * Every failure that somebody on call can meet, and its recovery. Each is a test on a real node of the words that `kubectl
 * describe`, the events and the logs show, and of what `status` and `doctor` say then: by file, then by what is drilled.
 */
export const drills = {
  'outages/failures.test.ts': {
    'no client ID and no tenant ID': failed('no-identity', 'AKV_IDENTITY_MISSING'),
    'an identity without a federated credential': failed(
      'no-federated-credential',
      'AKV_FEDERATION_MISMATCH',
    ),
    'a federated credential for another service account': failed(
      'wrong-federated-credential',
      'AKV_FEDERATION_MISMATCH',
    ),
    'a federated credential for another cluster': failed(
      'credential-of-another-cluster',
      'AKV_FEDERATION_MISMATCH',
    ),
    'a federated credential for another audience': failed(
      'credential-for-another-audience',
      'AKV_FEDERATION_MISMATCH',
    ),
    'an unknown client ID': failed('unknown-client', 'AKV_APP_NOT_FOUND'),
    'an unknown tenant ID': failed('unknown-tenant', 'AKV_TENANT_NOT_FOUND'),
    'an identity without a role on the vault': failed('no-role', 'AKV_FORBIDDEN'),
    'a firewall in front of the vault': failed('vault-firewall', 'AKV_FIREWALL'),
    'a vault without public access': failed(
      'vault-without-public-access',
      'AKV_PUBLIC_ACCESS_DISABLED',
    ),
    'a vault that is down': failed('vault-outage', 'AKV_VAULT_UNAVAILABLE'),
    'a vault that is cut off': failed('vault-unreachable', 'AKV_NETWORK'),
    'a proxy that answers with a page of its own': failed(
      'vault-behind-a-proxy-page',
      'AKV_BAD_ANSWER',
    ),
    'a misspelt object': failed('object-absent', 'AKV_OBJECT_NOT_FOUND'),
    'a disabled object': failed('object-disabled', 'AKV_OBJECT_DISABLED'),
    'a value that no variable can have': failed('variable-inexpressible', 'AKV_ENV_VALUE'),
    'a misspelt annotation': absent(
      'the ReplicaSet of a Deployment reports a bad annotation',
      'akv-injector.io/refesh: unknown annotation; did you mean akv-injector.io/refresh?',
    ),
    'a quota that wants limits': absent(
      'the ReplicaSet of a Deployment reports missing limits',
      'must specify limits.cpu for: akv-injector,app',
    ),
  },
  'outages/verdicts.test.ts': {
    'an init container before the agent': judged(
      'an init container before the agent fails',
      'the agent hasn’t had its turn: init container migrate ends with exit code 1',
    ),
    'a Secret that a volume needs': judged(
      'a volume needs a Secret that isn’t there',
      'the agent hasn’t had its turn: Secret absent doesn’t exist, which volume settings needs',
    ),
    'an app that isn’t ready': judged(
      'an app isn’t ready',
      'akv-injector did its part: container app isn’t ready: its readiness probe fails: ',
    ),
    'an app that ends': judged(
      'an app ends with exit code 3',
      'akv-injector did its part: container app ends with exit code 3',
    ),
    'an app that runs out of memory': judged(
      'an app runs out of memory',
      'akv-injector did its part: container app ran out of memory (its limit is 16Mi)',
    ),
    'a pod that uses too much storage': judged(
      'a pod is evicted',
      // The kubelet removes the containers of such a pod, and may not know any more how the app ended.
      /^\n(akv-injector did its part|the agent isn’t the cause): the kubelet evicted the pod from node /,
    ),
    'a volume of the CSI driver in a namespace without the label': judged(
      'a namespace lacks the label for volumes of the CSI driver',
      'can’t be told, because volume secrets-store needs the Secrets Store CSI Driver, which the node doesn’t have, and namespace ',
    ),
    'an expired secret and certificate': {
      ...judged(
        'a secret and a certificate have expired',
        'akv-injector did its part, and nothing else fails; secret team-a:expired-secret expired at 2020-01-01T00:00:00.000Z; cert team-a:expired expired at 2021-',
      ),
      doctor: '‼ secret team-a:expired-secret expired at 2020-',
    },
  },
  'outages/unreachable.test.ts': {
    'a vault whose name DNS doesn’t know': failed('vault-name-not-in-dns', 'AKV_NETWORK'),
    'Entra cut off': failed('entra-unreachable', 'AKV_NETWORK'),
    'a proxy that is down': failed('proxy-down', 'AKV_NETWORK'),
    'a TLS certificate that isn’t trusted': failed(
      'certificate-of-another-authority',
      'AKV_TLS_UNTRUSTED',
    ),
  },
  'outages/identity-binding.test.ts': {
    'an account that may not use a bound identity': failed(
      'binding-without-right',
      'AKV_BINDING_FORBIDDEN',
    ),
    'a cluster without an identity binding': failed(
      'cluster-without-binding',
      'AKV_BINDING_NOT_FOUND',
    ),
    'a token proxy whose certificate another authority signed': failed(
      'binding-with-wrong-ca',
      'AKV_BINDING_CA',
    ),
    'a token proxy of another cluster': failed(
      'binding-of-another-cluster',
      'AKV_BINDING_SERVER_NAME',
    ),
    'a token for Entra in place of the token proxy': unbelieved(
      'token-for-entra-in-a-binding',
      'its volume akv-injector-identity isn’t as the webhook makes it',
    ),
    'a token that the token proxy refuses': unbelieved(
      'token-for-another-audience',
      'its volume akv-injector-identity isn’t as the webhook makes it',
    ),
    'a token proxy that hangs': failed('a token proxy that hangs', 'AKV_NETWORK'),
    'an authority of the cluster that changes': stale(
      'a cluster’s authority that changes doesn’t stop a running pod',
      'AKV_BINDING_CA',
    ),
    'an account in Secret sync that may not use a bound identity': stale(
      'a synced account gets its Secret by the token proxy',
      'AKV_BINDING_FORBIDDEN',
    ),
  },
  'outages/recoveries.test.ts': {
    'the credential is created': fresh(
      'a federated credential that is created while the agent tries',
    ),
    'a slow vault': fresh('a slow vault delays the start of a sidecar without a warning'),
    'the role is assigned, the firewall opened, the vault reachable and no longer throttling': {
      title: 'failures of a vault that end while the agent retries',
      status: 'starting AKV_FIREWALL',
      doctor: 'AKV_FIREWALL: ',
    },
  },
  'outages/refresh-failures.test.ts': {
    'a refresh finds the vault down, the role gone, an object deleted or disabled': stale(
      'the log names the failing objects, and the pod keeps its last good files',
      'AKV_OBJECT_DISABLED',
    ),
    'and finds it well again': fresh(
      'after the failure, the log says so, and the files are up to date',
    ),
  },
  'monitoring/alerts.test.ts': {
    'three of many pods cut off from their vault': stale(
      'the alert names the three pods that are cut off from their vault',
      'AKV_NETWORK',
    ),
    'their vault is back': fresh('the alert resolves when the vault is back'),
  },
  'outages/webhook-outage.test.ts': {
    'no replica of the webhook, and their return': absent(
      'while no replica runs, annotated pods wait, others start, and then all start',
      'scale it up: annotated pods are refused meanwhile',
    ),
    'a deleted webhook configuration, and its return': absent(
      'without the webhook configuration, pods start without an agent and with a warning until it is applied again',
      'there is no webhook configuration of akv-injector',
    ),
    'a CA that the API server doesn’t trust, with the certificate controller at 0 replicas': absent(
      'a certificate of another authority',
      'the certificate controller would correct it, but has no replicas',
    ),
    'a narrowed selector': absent(
      'with a narrowed selector, pods start without an agent until it is put back',
      'somebody changed namespaceSelector of pods.akv-injector.io (added matchLabels: team: other), so the pods of ',
    ),
    'a stranger’s webhook that is down': absent(
      'a stranger’s webhook that is down keeps annotated pods from being created',
      'couldn’t call the webhook inject.example.com, which isn’t akv-injector’s, when it last tried to create those of ',
    ),
    'the Service of the webhook deleted': absent(
      'a deleted Service is named although connections stay open',
      'somebody deleted Service akv-injector/akv-injector-webhook',
    ),
    'an expired serving certificate': absent(
      'an expired certificate',
      'the serving certificate is not valid now',
    ),
    'the return of a valid certificate': absent(
      'the controller issues and publishes a valid certificate',
      'caBundle verifies the serving certificate',
    ),
  },
  '../policies/uninjected.test.ts': {
    'a namespace that is left alone': absent(
      'a workload in an excluded namespace is admitted with a warning',
      'alone, so the pods of these start without their secrets',
    ),
  },
  'outages/kubelet-restart.test.ts': {
    'a kubelet that restarts': fresh('pods don’t notice a restart of the kubelet'),
  },
  'lifecycle.test.ts': {
    'an agent that is killed': fresh(
      'a killed sidecar restarts, keeps the files and continues to refresh',
    ),
    'an agent that runs out of memory': {
      title: 'the status of an agent that runs out of memory says so',
      status: 'failed',
      doctor: 'the agent ran out of memory',
    },
    'a sandbox that is lost': {
      title: 'a pod that loses its sandbox starts with the files of the previous run',
      status: 'once',
      doctor: 'when the pod started, and doesn’t refresh',
    },
    'a node that reboots': fresh(
      'a sidecar writes all files again if none is left, as after a reboot',
    ),
  },
  'sync.test.ts': {
    'an object that isn’t there': stale(
      'the events of an account say what is wrong and what to do',
      'AKV_OBJECT_NOT_FOUND',
    ),
    'an account in sync again': inSync('an event says that a corrected account is in sync again'),
    'a throttled vault, and its end': stale(
      'events name a throttled vault, and report when it recovers',
      'AKV_THROTTLED',
    ),
    'a Secret of somebody else': stale(
      'a foreign Secret is left alone, and replaced after its owner deletes it',
      'AKV_SECRET_FOREIGN',
    ),
    'a lost record': inSync('a deleted record of an account’s Secrets is written again'),
    'a Role that lacks two rights': absent(
      'a Role without two of its rights',
      'requests Secrets, but the controller may not get secrets, patch secrets there',
    ),
    'an account that isn’t enabled': {
      title: 'an event tells an account that it isn’t enabled',
      status: 'unknown',
      doctor: 'requests Secrets, but the controller may not',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Drill>>>>
