import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { publishAuthority, webhookConfiguration } from '../../harness/install/install.ts'
import { addEndpoint } from '../../webhook/harness/endpoint.ts'

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string; readonly object: KubeObject }
}

export interface RecordedReviews {
  /** The paths that the API server called for pods of this name. */
  pathsOf(name: string): readonly (string | undefined)[]
}

/**
 * Serves as the installed webhook until the test ends, and allows every pod without a change. The path of a review tells
 * which entry of the webhook configuration the API server called.
 */
export async function recordReviews(
  t: Test,
  cluster: Cluster,
  configuration: KubeObject,
): Promise<RecordedReviews> {
  const authority = await issueTestAuthority()
  const leaf = await authority.issue({ dnsNames: ['akv-injector-webhook.akv-injector.svc'] })
  const reviews: { readonly path: string | undefined; readonly name: string | undefined }[] = []
  const tls = { cert: leaf.certificatePem, key: leaf.keyPem }
  const server = createServer(tls, async (request, response) => {
    const { apiVersion, kind, request: review } = (await json(request)) as Review
    reviews.push({ path: request.url?.replace(/\?.*/, ''), name: review.object.metadata.name })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion, kind, response: { uid: review.uid, allowed: true } }))
  }).listen(0, '0.0.0.0')
  await once(server, 'listening')
  const endpoint = await addEndpoint(cluster, (server.address() as AddressInfo).port)
  t.teardown(async () => {
    await endpoint.remove()
    await cluster.apply(webhookConfiguration())
    server.closeAllConnections()
    server.close()
  })
  await publishAuthority(cluster, authority.certificatePem, configuration)
  return {
    pathsOf: (name) => reviews.flatMap((review) => (review.name === name ? [review.path] : [])),
  }
}
