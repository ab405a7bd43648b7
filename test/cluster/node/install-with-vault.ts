import type { KubeObject } from '../api.ts'
import { type Cluster, until } from '../cluster.ts'
import type { EmulatedAzure } from '../emulator-process.ts'
import { install, installObjects } from '../install.ts'
import { must } from '../must.ts'
import { untilCalled } from '../serve-webhook.ts'

/**
 * Applies the manifests with the emulator as the cloud, and nothing else changed. Resolves when admission works.
 *
 * The webhook comes last: a pod that is there before its Secret has a certificate sees it a minute later, when the
 * kubelet looks again.
 */
export async function installWithVault(cluster: Cluster, azure: EmulatedAzure): Promise<void> {
  const objects = objectsWithVault(azure)
  await install(
    cluster,
    objects.filter((object) => !isWebhook(object)),
  )
  await until(async () => {
    const { body } = await cluster.get(webhookCertificate)
    return Object.keys((body['data'] as object | undefined) ?? {}).includes('tls.crt')
  }, 120_000)
  for (const object of objects.filter(isWebhook)) must(await cluster.apply(object))
  await untilCalled(cluster)
}

const isWebhook = ({ kind, metadata }: KubeObject) =>
  kind === 'Deployment' && metadata.name === 'akv-injector-webhook'

const webhookCertificate: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook-tls' },
}

/** As the chart does with `cloud`. */
function objectsWithVault({ url, caPem }: EmulatedAzure): readonly KubeObject[] {
  const settings = {
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: url,
    AKV_INJECTOR_VAULT_URL: `${url}/{vault}`,
    AKV_INJECTOR_CA_FILE: '/etc/akv-injector/cloud/ca.crt',
  }
  const authority: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook' },
    data: { 'ca.crt': caPem },
  }
  return [
    ...installObjects().map((object) =>
      isWebhook(object) ? withSettings(object, settings) : object,
    ),
    authority,
  ]
}

function withSettings(
  deployment: KubeObject,
  settings: Readonly<Record<string, string>>,
): KubeObject {
  const changed = structuredClone(deployment) as unknown as Deployment
  const { containers, volumes } = changed.spec.template.spec
  const [webhook] = containers
  if (!webhook) throw new Error('the webhook’s Deployment has no container')
  webhook.env = [
    ...webhook.env.filter(({ name }) => !(name in settings)),
    ...Object.entries(settings).map(([name, value]) => ({ name, value })),
  ]
  webhook.volumeMounts.push({ name: 'cloud', mountPath: '/etc/akv-injector/cloud', readOnly: true })
  volumes.push({ name: 'cloud', configMap: { name: 'akv-injector-webhook' } })
  return changed
}

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } }
}

interface PodSpec {
  readonly volumes: object[]
  readonly containers: { env: { name: string; value: string }[]; readonly volumeMounts: object[] }[]
}
