import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { fastStartVariable } from '../../client/env-support.ts'
import type { EmulatedAzure } from '../../harness/emulator-process.ts'
import { install, installObjects } from '../../harness/install/install.ts'
import { untilCalled } from '../../webhook/harness/serve-webhook.ts'

export type Cloud = Pick<EmulatedAzure, 'url' | 'caPem'>

/** Applies the manifests with the emulator as the cloud and the cluster's version, and no other change. Resolves when admission works. */
export async function installWithVault(cluster: Cluster, azure: Cloud): Promise<void> {
  await install(cluster, objectsWithVault(azure, await cluster.version()))
  await untilCalled(cluster, installTimeoutMs)
}

const isWebhook = ({ kind, metadata }: KubeObject) =>
  kind === 'Deployment' && metadata.name === 'akv-injector-webhook'

function objectsWithVault(azure: Cloud, version: string): readonly KubeObject[] {
  const authority: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook' },
    data: { 'ca.crt': azure.caPem },
  }
  return [
    ...installObjects().map((object) =>
      isWebhook(object)
        ? withVault(object, azure, {
            AKV_INJECTOR_KUBERNETES_VERSION: version,
            AKV_INJECTOR_AGENT_FAST_START: String(process.env[fastStartVariable] === 'true'),
          })
        : object,
    ),
    authority,
  ]
}

/** Returns a Deployment with the emulator as its cloud, as the chart's value `cloud` does, and with more variables. */
export function withVault(
  deployment: KubeObject,
  { url }: Cloud,
  others: Readonly<Record<string, string>> = {},
): KubeObject {
  const settings: Readonly<Record<string, string>> = {
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: url,
    AKV_INJECTOR_VAULT_URL: `${url}/{vault}`,
    AKV_INJECTOR_CA_FILE: '/etc/akv-injector/cloud/ca.crt',
    ...others,
  }
  const changed = structuredClone(deployment) as unknown as Deployment
  const { containers, volumes = [] } = changed.spec.template.spec
  const [container] = containers
  if (!container) throw new Error(`the Deployment ${deployment.metadata.name} has no container`)
  container.env = [
    ...container.env.filter(({ name }) => !(name in settings)),
    ...Object.entries(settings).map(([name, value]) => ({ name, value })),
  ]
  const mount = { name: 'cloud', mountPath: '/etc/akv-injector/cloud', readOnly: true }
  container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  const volume = { name: 'cloud', configMap: { name: 'akv-injector-webhook' } }
  changed.spec.template.spec.volumes = [...volumes, volume]
  return changed
}

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } }
}

interface PodSpec {
  volumes?: object[]
  readonly containers: { env: { name: string; value: string }[]; volumeMounts?: object[] }[]
}

/** Two pods have to start, perhaps on a busy machine. */
export const installTimeoutMs = 120_000
