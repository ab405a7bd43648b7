import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/**
 * Every failure that somebody on call can meet, and its recovery. Each is a test on a real node of the words that `kubectl
 * describe`, the events and the logs show: by file, then by the title or the name of the case.
 */
const drills: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'outages/failures.test.ts': {
    'no client ID and no tenant ID': 'no-identity',
    'an identity without a federated credential': 'no-federated-credential',
    'a federated credential for another service account': 'wrong-federated-credential',
    'a federated credential for another cluster': 'credential-of-another-cluster',
    'a federated credential for another audience': 'credential-for-another-audience',
    'an unknown client ID': 'unknown-client',
    'an unknown tenant ID': 'unknown-tenant',
    'an identity without a role on the vault': 'no-role',
    'a firewall in front of the vault': 'vault-firewall',
    'a vault that is down': 'vault-outage',
    'a vault that is cut off': 'vault-unreachable',
    'a proxy that answers with a page of its own': 'vault-behind-a-proxy-page',
    'a misspelt object': 'object-absent',
    'a disabled object': 'object-disabled',
    'a value that no variable can have': 'variable-inexpressible',
    'a misspelt annotation': 'the ReplicaSet of a Deployment reports a bad annotation',
    'a quota that wants limits': 'the ReplicaSet of a Deployment reports missing limits',
  },
  'outages/unreachable.test.ts': {
    'a vault whose name DNS doesn’t know': 'vault-name-not-in-dns',
    'Entra cut off': 'entra-unreachable',
    'a proxy that is down': 'proxy-down',
    'a TLS certificate that isn’t trusted': 'certificate-of-another-authority',
  },
  'outages/identity-binding.test.ts': {
    'an account that may not use a bound identity': 'binding-without-right',
    'a cluster without an identity binding': 'cluster-without-binding',
    'a token proxy whose certificate another authority signed': 'binding-with-wrong-ca',
    'a token proxy of another cluster': 'binding-of-another-cluster',
    'a token for Entra in place of the token proxy': 'token-for-entra-in-a-binding',
    'a token that the token proxy refuses': 'token-for-another-audience',
    'a token proxy that hangs': 'a token proxy that hangs',
    'an authority of the cluster that changes':
      'a cluster’s authority that changes doesn’t stop a running pod',
    'an account in Secret sync that may not use a bound identity':
      'a synced account gets its Secret by the token proxy',
  },
  'outages/recoveries.test.ts': {
    'the credential is created': 'a federated credential that is created while the agent tries',
    'a slow vault': 'a slow vault delays the start of a sidecar without a warning',
    'the role is assigned, the firewall opened, the vault reachable and no longer throttling':
      'failures of a vault that end while the agent retries',
  },
  'outages/refresh-failures.test.ts': {
    'a refresh finds the vault down, the role gone, an object deleted or disabled':
      'the log names the failing objects, and the pod keeps its last good files',
    'and finds it well again': 'after the failure, the log says so, and the files are up to date',
  },
  'monitoring/alerts.test.ts': {
    'three of many pods cut off from their vault':
      'the alert names the three pods that are cut off from their vault',
    'their vault is back': 'the alert resolves when the vault is back',
  },
  'outages/webhook-outage.test.ts': {
    'no replica of the webhook, and their return':
      'while no replica runs, annotated pods wait, others start, and then all start',
    'a deleted webhook configuration, and its return':
      'without the webhook configuration, pods start without an agent and with a warning until it is applied again',
    'a CA that the API server doesn’t trust': 'a certificate of another authority',
    'an expired serving certificate': 'an expired certificate',
    'the return of a valid certificate': 'the controller issues and publishes a valid certificate',
  },
  '../policies/uninjected.test.ts': {
    'a namespace that is left alone': 'an annotated pod without an agent starts with a warning',
  },
  'outages/kubelet-restart.test.ts': {
    'a kubelet that restarts': 'pods don’t notice a restart of the kubelet',
  },
  'lifecycle.test.ts': {
    'an agent that is killed': 'a killed sidecar restarts',
    'an agent that runs out of memory': 'the status of an agent that runs out of memory says so',
    'a sandbox that is lost': 'a pod that loses its sandbox starts',
    'a node that reboots': 'a sidecar writes all files again if none is left, as after a reboot',
  },
  'sync.test.ts': {
    'an object that isn’t there': 'the events of an account say what is wrong and what to do',
    'an account in sync again': 'an event says that a corrected account is in sync again',
    'a throttled vault, and its end': 'events name a throttled vault, and report when it recovers',
    'a Secret of somebody else':
      'a foreign Secret is left alone, and replaced after its owner deletes it',
    'a lost record': 'a deleted record of an account’s Secrets is written again',
    'an account that isn’t enabled': 'an event tells an account that it isn’t enabled',
  },
}

t.test('every drill is a test on a node', async (t) => {
  let found = 0
  for (const [file, titles] of Object.entries(drills)) {
    const text = readFileSync(join(import.meta.dirname, '../cluster/node', file), 'utf8')
    for (const [drill, title] of Object.entries(titles)) {
      t.ok(text.includes(title), drill)
      found += 1
    }
  }
  t.ok(found >= 40, `there are ${found} drills`)
})
