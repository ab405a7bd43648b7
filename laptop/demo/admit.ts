import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'

/** The webhook's response. */
interface AdmissionResponse {
  readonly allowed: boolean
  /** Base64 of a JSON Patch. */
  readonly patch?: string
  readonly warnings?: readonly string[]
  readonly status?: { readonly message?: string }
}

/**
 * Calls the webhook as the API server does: posts an AdmissionReview over TLS and verifies the certificate.
 *
 * @throws Error if the webhook doesn't respond, or responds with a status other than 200
 */
export async function admit(options: {
  readonly port: number
  readonly ca: string
  /** The path of the webhook: `/mutate`, or `/mutate/csi`. */
  readonly path: string
  readonly pod: object
  readonly namespace: string
}): Promise<AdmissionResponse> {
  const { port, ca, path, pod, namespace } = options
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '00000000-0000-0000-0000-000000000001',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace,
      object: pod,
      dryRun: false,
    },
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(
      { host: 'localhost', port, path: `${path}?timeout=5s`, method: 'POST', ca, headers },
      resolve,
    )
    sent.on('error', reject)
    sent.end(JSON.stringify(review))
  })
  const body = await text(response)
  if (response.statusCode !== 200)
    throw new Error(`the webhook answered ${response.statusCode}: ${body}`)
  return (JSON.parse(body) as { response: AdmissionResponse }).response
}
