import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import jsonpatch from 'fast-json-patch'
import type { Test } from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import type { KubeObject } from './api.ts'
import { type Cluster, until } from './cluster.ts'
import { ownAddress } from './end-point.ts'
import { must } from './must.ts'
import { type Pod, plainPod } from './pods.ts'

export interface OtherWebhookOptions {
  /** Of its configuration: webhooks are called in the order of these names. */
  readonly name: string
  /** It is sent this namespace's pods. */
  readonly namespace: string
  /** What it makes of a pod. */
  readonly change: (pod: Pod) => Pod
}

/** Serves somebody else's mutating webhook. It answers with the difference between the pod and what it makes of it. */
export async function serveOtherWebhook(
  t: Test,
  cluster: Cluster,
  options: OtherWebhookOptions,
): Promise<{ calls(): number }> {
  const { caPem, cert, key } = await certificate()
  let calls = 0
  const server = createServer({ cert, key }, async (request, response) => {
    calls += 1
    const { apiVersion, kind, request: asked } = (await json(request)) as Review
    const patch = jsonpatch.compare(asked.object, options.change(structuredClone(asked.object)))
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
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const configuration = configurationOf(options, { port, caPem })
  must(await cluster.apply(configuration))
  t.teardown(() => cluster.delete(configuration))
  await until(async () => {
    await cluster.create(plainPod({}, { namespace: options.namespace }), { dryRun: true })
    return calls > 0
  })
  const ofProbes = calls
  return { calls: () => calls - ofProbes }
}

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string; readonly object: Pod }
}

function configurationOf(
  { name, namespace }: OtherWebhookOptions,
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
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      },
    ],
  }
}

async function certificate() {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'another webhook', now, lifetimeDays: 2 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'another webhook',
    dnsNames: [],
    ipAddresses: [ownAddress()],
    now,
    lifetimeDays: 1,
  })
  return { caPem: authority.certificatePem, cert: leaf.certificatePem, key: leaf.keyPem }
}
