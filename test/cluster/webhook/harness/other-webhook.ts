import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import jsonpatch from 'fast-json-patch'
import type { Test } from 'tap'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import type { KubeObject } from '../../client/api.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { type Pod, plainPod } from '../../client/pods.ts'
import { ownAddress } from './endpoint.ts'

export interface OtherWebhookOptions {
  /** The name of the webhook configuration. Webhooks are called in the order of these names. */
  readonly name: string
  /** Selects the pods: `namespaceSelector`, `objectSelector`. */
  readonly selector: object
  /** Returns the changed pod. */
  readonly change: (pod: Pod, namespace: string) => Pod | Promise<Pod>
}

export interface OtherWebhook {
  calls(): number
  close(): Promise<void>
}

/** Serves another vendor's mutating webhook. Its patch is the difference between the pod and the changed pod. */
export async function startOtherWebhook(
  cluster: Cluster,
  options: OtherWebhookOptions,
): Promise<OtherWebhook> {
  const { caPem, cert, key } = await certificate()
  let calls = 0
  const server = createServer({ cert, key }, async (request, response) => {
    calls += 1
    const { apiVersion, kind, request: asked } = (await json(request)) as Review
    const wanted = await options.change(structuredClone(asked.object), asked.namespace)
    const patch = jsonpatch.compare(asked.object, wanted)
    const answer = {
      uid: asked.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion, kind, response: answer }))
  }).listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const configuration = configurationOf(options, { port, caPem })
  expectSuccess(await cluster.apply(configuration))
  return {
    calls: () => calls,
    async close() {
      await cluster.delete(configuration)
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Serves such a webhook for one namespace until a test ends. Resolves when the API server calls it. */
export async function serveOtherWebhook(
  t: Test,
  cluster: Cluster,
  options: Omit<OtherWebhookOptions, 'selector'> & { readonly namespace: string },
): Promise<{ calls(): number }> {
  const { namespace } = options
  const selector = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  }
  const other = await startOtherWebhook(cluster, { ...options, selector })
  t.teardown(() => other.close())
  await until(async () => {
    await cluster.create(plainPod({}, { namespace }), { dryRun: true })
    return other.calls() > 0
  })
  const probeCount = other.calls()
  return { calls: () => other.calls() - probeCount }
}

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string; readonly namespace: string; readonly object: Pod }
}

function configurationOf(
  { name, selector }: OtherWebhookOptions,
  { port, caPem }: { readonly port: number; readonly caPem: string },
): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'other.webhook.example',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        reinvocationPolicy: 'IfNeeded',
        clientConfig: {
          url: `https://${ownAddress()}:${port}/`,
          caBundle: Buffer.from(caPem).toString('base64'),
        },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
        ...selector,
      },
    ],
  }
}

async function certificate() {
  const authority = await issueTestAuthority('another webhook')
  const leaf = await authority.issue({ dnsNames: [], ipAddresses: [ownAddress()] })
  return { caPem: authority.certificatePem, cert: leaf.certificatePem, key: leaf.keyPem }
}
