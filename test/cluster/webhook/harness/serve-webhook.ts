import type { Test } from 'tap'
import type { Policy } from '../../../../requests/administrator/policy.ts'
import type { Settings } from '../../../../requests/administrator/settings/read-settings.ts'
import type { ApiAccess } from '../../../../webhook/api-server/api-access.ts'
import { startWebhook } from '../../../../webhook/http/start-webhook.ts'
import { policy as standardPolicy } from '../../../webhook/core/policy.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { kubernetesMinor } from '../../client/env-support.ts'
import { annotatedPod } from '../../client/pods.ts'
import { type CsiManifests, csiWebhookConfiguration } from '../../harness/install/csi-manifests.ts'
import { publishAuthority, webhookConfiguration } from '../../harness/install/install.ts'
import { addEndpoint } from './endpoint.ts'
import { serviceCertificates } from './service-certificates.ts'

export interface LogLine {
  readonly outcome?: string
  readonly pod?: string
  readonly dryRun?: boolean
  readonly [field: string]: unknown
}

export interface ServeWebhookOptions {
  readonly policy?: Policy
  /** The value of `csi.namespaces`, and the API server at which the webhook looks up classes. */
  readonly csi?: { readonly mode: CsiManifests; readonly apiAccess: ApiAccess }
  /** Which API servers are answered. */
  readonly clients?: NonNullable<Settings['clients']>
  /** Where it looks for the token proxy of identity bindings. Default: they are off. */
  readonly tokenProxy?: NonNullable<Settings['tokenProxy']>
  /** The message of the API server when it calls the webhook. Default: it admits the pod, or the webhook denies it. */
  readonly answers?: RegExp | undefined
}

export interface ServedWebhook {
  /** The log lines of the admissions since the API server first called the webhook. */
  admissions(): readonly LogLine[]
  close(): Promise<void>
}

/**
 * Serves the webhook from this process, as an endpoint of the installed Service, with a certificate of an authority in
 * `caBundle`. Resolves when the API server calls it.
 */
export async function serveWebhook(
  t: Test,
  cluster: Cluster,
  options: ServeWebhookOptions = {},
): Promise<ServedWebhook> {
  const { csi, clients, tokenProxy } = options
  const policy: Policy = {
    kubernetesMinor,
    ...(options.policy ?? standardPolicy),
    ...(tokenProxy && { tokenProxy: { kind: 'unknown', reason: 'not asked yet' } }),
  }
  const certificates = await serviceCertificates(t.testdir())
  await certificates.renew()
  const lines: LogLine[] = []
  const webhook = await startWebhook({
    settings: {
      policy,
      listen: { host: '0.0.0.0', port: 0 },
      healthListen: { host: '127.0.0.1', port: 0 },
      tlsDir: certificates.folder,
      ...(clients && { clients }),
      ...(tokenProxy && { tokenProxy }),
      csi: csi?.mode ?? 'none',
      logLevel: 'info',
    },
    ...(csi && { apiAccess: csi.apiAccess }),
    logStream: { write: (line) => void lines.push(JSON.parse(line)) },
    drainMs: 0,
  })
  if (csi) t.teardown(() => cluster.apply(webhookConfiguration()))
  const configuration = csi ? csiWebhookConfiguration(csi.mode) : webhookConfiguration()
  await publishAuthority(cluster, certificates.caPem, configuration)
  const endpoint = await addEndpoint(cluster, webhook.address.port)
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= endpoint.remove().then(() => webhook.close())
    return closed
  }
  t.teardown(close)
  if (options.answers) await untilAnswered(cluster, options.answers)
  else await untilCalled(cluster)
  const probeCount = lines.length
  return {
    close,
    admissions: () => lines.slice(probeCount).filter(({ outcome }) => outcome !== undefined),
  }
}

/** Waits until the API server calls the webhook: it watches endpoints and authorities, and so sees them with a delay. */
export const untilCalled = (cluster: Cluster, timeoutMs?: number): Promise<string> =>
  untilAnswered(cluster, /^$|"pods\.akv-injector\.io" denied/, timeoutMs)

/**
 * Creates an annotated pod by dry run until the API server's message matches.
 *
 * @returns the message; empty if the API server admits the pod
 */
export async function untilAnswered(
  cluster: Cluster,
  wanted: RegExp,
  timeoutMs?: number,
): Promise<string> {
  let message = ''
  await until(async () => {
    const { status, body } = await cluster.create(annotatedPod(), { dryRun: true })
    message = status === 201 ? '' : (body.message ?? '')
    return wanted.test(message)
  }, timeoutMs)
  return message
}
