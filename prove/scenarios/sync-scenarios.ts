import { namespaceName } from '../plan/facts.ts'
import type { KubeObject } from '../plan/resource.ts'
import { apply, look } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** What the controller writes: each way to ask for a Secret. */
export function syncScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const { values } = facts
  const hasValue = (name: string) =>
    look({ at: 'secret', name, key: 'password', wanted: { equals: values.plain } }, 'delivered')
  return [
    {
      id: 'secret-sync',
      sentence: 'a Secret that an account asks for has the value',
      requires: 'secret-sync',
      steps: [apply(askingAccount(facts)), hasValue('from-account')],
    },
    {
      id: 'class-secret',
      sentence: 'a Secret of a class’s secretObjects has the value, without the driver',
      requires: 'classes',
      steps: [apply(providerClass(facts)), hasValue('from-class')],
    },
    {
      id: 'external-secret',
      sentence: 'a Secret of an ExternalSecret has the value, without the operator',
      requires: 'external-secrets',
      steps: [apply(store(facts), externalSecret()), hasValue('from-external-secret')],
    },
  ]
}

const named = (name: string) => ({ name, namespace: namespaceName })

const askingAccount = ({ clientIds, vaultName }: ScenarioFacts): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    ...named('sync'),
    annotations: {
      'azure.workload.identity/client-id': clientIds.sync,
      'akv-injector.io/vault': vaultName,
      'akv-injector.io/sync': JSON.stringify([{ secret: 'from-account', data: 'password=plain' }]),
    },
  },
})

const providerClass = ({ clientIds, vaultName }: ScenarioFacts): KubeObject => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: named('class'),
  spec: {
    provider: 'azure',
    parameters: {
      clientID: clientIds.sync,
      keyvaultName: vaultName,
      objects: JSON.stringify({
        array: [JSON.stringify({ objectName: 'plain', objectType: 'secret' })],
      }),
    },
    secretObjects: [
      {
        secretName: 'from-class',
        type: 'Opaque',
        data: [{ objectName: 'plain', key: 'password' }],
      },
    ],
  },
})

const store = ({ vaultName }: ScenarioFacts): KubeObject => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'SecretStore',
  metadata: named('store'),
  spec: {
    provider: {
      azurekv: {
        authType: 'WorkloadIdentity',
        vaultUrl: `https://${vaultName}.vault.azure.net`,
        serviceAccountRef: { name: 'sync' },
      },
    },
  },
})

const externalSecret = (): KubeObject => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: named('external'),
  spec: {
    refreshInterval: '1h',
    secretStoreRef: { name: 'store', kind: 'SecretStore' },
    target: { name: 'from-external-secret', creationPolicy: 'Owner' },
    data: [{ secretKey: 'password', remoteRef: { key: 'plain' } }],
  },
})
